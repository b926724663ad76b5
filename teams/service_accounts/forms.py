from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.names import NameField
from teams.tokens.forms import RightsForm


class ServiceAccountForm(forms.Form):
    name = NameField(
        label=_("Name"),
        max_length=150,
        help_text=_("What the account does, or where it runs."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "nightly-training"}),
        error_messages={"required": _("The name is missing. For example: nightly-training")},
    )


class AccountTokenForm(RightsForm):
    field_order = ("name", "scopes", "expires", "last_day")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["name"].label = _("Name of the token")
        self.fields["scopes"].help_text = _("Every token can read what the account sees. Choose what else it may do.")
