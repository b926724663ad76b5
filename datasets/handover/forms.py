"""New owner of the datasets of somebody who goes, and with whom a dataset is shared."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.addresses import recipients, validate_address
from teams.models import User


class HeirForm(forms.Form):
    """Asked only if there is something to take over."""

    heir = forms.ModelChoiceField(
        label=_("New owner of the datasets"),
        queryset=User.objects.none(),
        empty_label=_("Choose a person"),
        error_messages={
            "required": _("Choose the new owner of the datasets."),
            "invalid_choice": _("Choose a team member."),
        },
    )

    def __init__(self, heirs: QuerySet[User], data: Any = None, *, needed: bool, initial: User | None = None) -> None:
        super().__init__(data, initial={"heir": initial})
        field = self.fields["heir"]
        field.required = needed
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = heirs


class ShareForm(forms.Form):
    """Addresses, separated by anything, also as mail programs copy them. `cleaned_data["emails"]` is a list."""

    emails = forms.CharField(
        label=_("E-mail addresses"),
        max_length=10_000,
        help_text=_("Of people outside the team, separated by commas."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "placeholder": "ben@example.com",
                "inputmode": "email",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
        error_messages={"required": _("Enter at least one address. For example: ben@example.com")},
    )

    def clean_emails(self) -> list[str]:
        emails, problems = [], []
        for address, words in recipients(self.cleaned_data["emails"]):
            email = User.objects.normalize_email(address)
            try:
                validate_address(email)
                emails.append(email)
            except ValidationError:
                words = address
            if words:
                problems.append(gettext("“%(value)s” is not an e-mail address.") % {"value": words[:60]})
        if problems:
            raise ValidationError(problems)
        if not emails:
            raise ValidationError(self.fields["emails"].error_messages["required"])
        return emails
