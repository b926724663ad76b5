"""What people are told after a credential was replaced everywhere."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from datasources.models import Datasource
from datasources.shared_credentials.queries import named
from datasources.shared_credentials.services import Replaced


def tell(request: HttpRequest, replaced: Replaced | None) -> None:
    """`replaced`: None if no new credentials were entered, so that there was nothing to replace the old ones by."""
    if replaced is None:
        said = gettext("No new credentials were entered, so the other datasources are as they were.")
        messages.info(request, said)
        return
    if replaced.changed:
        count = len(replaced.changed)
        words = ngettext(
            "%(count)s other datasource has the new credentials and is being checked: %(names)s.",
            "%(count)s other datasources have the new credentials and are being checked: %(names)s.",
            count,
        )
        messages.success(request, words % {"count": count, "names": named(replaced.changed)})
    by_reason: dict[str, list[Datasource]] = {}
    for datasource, reason in replaced.left:
        by_reason.setdefault(reason, []).append(datasource)
    for reason, left in by_reason.items():
        words = gettext("Not changed: %(names)s. %(reason)s") % {"names": named(left), "reason": reason}
        messages.warning(request, words)
