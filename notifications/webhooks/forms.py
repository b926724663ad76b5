from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clouds import guard

EXAMPLE = "https://hooks.example.com/lightly"


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        help_text=_(
            "The https:// address of your program, on a public host. Every alert of the team is sent there as a POST"
            " request with JSON, signed with a secret that is shown to you once."
        ),
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": EXAMPLE}),
        error_messages={"required": format_lazy(_("The address is missing. For example: {example}"), example=EXAMPLE)},
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            URLValidator(schemes=["http", "https"])(url)
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            host.encode("idna")
            url.encode("ascii")
        except (forms.ValidationError, ValueError):
            raise forms.ValidationError(
                gettext("This is not a web address. For example: %(example)s") % {"example": EXAMPLE}
            ) from None
        if "@" in parts.netloc or parts.fragment or port == 0:
            raise forms.ValidationError(
                gettext("Remove user names, passwords and everything after #. For example: %(example)s")
                % {"example": EXAMPLE}
            )
        if parts.scheme == "http" and not guard.is_allowed_host(host, settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS):
            raise forms.ValidationError(
                gettext("The address must begin with https://. For example: %(example)s") % {"example": EXAMPLE}
            )
        return url
