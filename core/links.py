from django.conf import settings


def absolute(path: str) -> str:
    """The address of a page of this site for readers outside of it: in mails, in webhooks.

    Behind a request, `request.build_absolute_uri()` makes addresses; core.web.public_address looks after that.
    """
    return f"{settings.LIGHTLY_PUBLIC_URL}{path}"
