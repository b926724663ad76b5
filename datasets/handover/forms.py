"""New owner of the datasets of somebody who goes, and with whom a dataset is shared."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.addresses import validate_address
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
    """Addresses, separated by anything. `cleaned_data["emails"]` is a list."""

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
        emails = [User.objects.normalize_email(part) for part in re.split(r"[\s,;]+", self.cleaned_data["emails"])]
        problems = []
        for email in filter(None, emails):
            try:
                validate_address(email)
            except ValidationError:
                problems.append(gettext("“%(value)s” is not an e-mail address.") % {"value": email[:60]})
        if problems:
            raise ValidationError(problems)
        if not any(emails):
            raise ValidationError(self.fields["emails"].error_messages["required"])
        return [email for email in emails if email]
