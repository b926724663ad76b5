from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clouds import guard
from datasources.checks.schedule import LONGEST_HOURS
from teams.models import NotificationSettings

EXAMPLE = "https://hooks.example.com/lightly"


class PersonalForm(forms.Form):
    """A person's NotificationSettings, field by field."""

    scope = forms.ChoiceField(
        label=_("Tell me about"),
        choices=NotificationSettings.Scope.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of these."), "invalid_choice": _("Choose one of these.")},
    )
    mail_broken = forms.BooleanField(label=_("When a bulb turns red"), required=False)
    mail_recovered = forms.BooleanField(label=_("When it is green again"), required=False)
    mail_expiring = forms.BooleanField(label=_("Before a credential expires"), required=False)


class IntervalForm(forms.Form):
    hours = forms.IntegerField(
        label=_("Hours between scheduled checks"),
        min_value=0,
        max_value=LONGEST_HOURS,
        help_text=_(
            "Each datasource of the team is checked by itself this often, give or take a tenth, and you hear of"
            " it when something changed. From a change on, the first check comes within one interval."
            " 0 switches it off."
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("The number of hours is missing. For example: 6"),
            "invalid": _("This is not a whole number of hours. For example: 6"),
            "min_value": _("Less than 0 hours can't be. For example: 6, or 0 for no checks by themselves."),
            "max_value": format_lazy(
                _("At most {hours} hours, a week. For example: 24, or 0 for no checks by themselves."),
                hours=LONGEST_HOURS,
            ),
        },
    )


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        help_text=_(
            "A program of yours that takes a POST, at https:// and a public host. From now on every alert of the"
            " team is sent there as JSON, signed with a secret that you are shown once."
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
                gettext("Leave out user names, passwords, and what follows a #. For example: %(example)s")
                % {"example": EXAMPLE}
            )
        if parts.scheme == "http" and not guard.is_allowed_host(host, settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS):
            raise forms.ValidationError(
                gettext("The address must begin with https://. For example: %(example)s") % {"example": EXAMPLE}
            )
        return url
