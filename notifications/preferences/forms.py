from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.models import NotificationSettings
from notifications.topics import mail_choices

_PREFIX = "mail_"


class PersonalForm(forms.Form):
    """A person's NotificationSettings: the scope, and a tick box for each choice that topics offer."""

    scope = forms.ChoiceField(
        label=_("Tell me about"),
        choices=NotificationSettings.Scope.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of these."), "invalid_choice": _("Choose one of these.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for choice in mail_choices():
            self.fields[_PREFIX + choice.key] = forms.BooleanField(
                label=choice.label, required=False, initial=choice.default
            )

    @classmethod
    def of(cls, stored: NotificationSettings) -> PersonalForm:
        mails = {_PREFIX + key: wanted for key, wanted in stored.mail_choices.items()}
        return cls(initial={"scope": stored.scope, **mails})

    @property
    def mail_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(_PREFIX)]

    @property
    def mail_choices(self) -> dict[str, bool]:
        """Of a valid form, by the key of each choice."""
        return {choice.key: self.cleaned_data[_PREFIX + choice.key] for choice in mail_choices()}
