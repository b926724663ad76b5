"""Forms about teams and their people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.names import NameField
from teams.membership import LONGEST_TEAM_NAME
from teams.roles import role_choices


class TeamForm(forms.Form):
    name = NameField(
        label=_("Team name"),
        max_length=LONGEST_TEAM_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Acme Vision"}),
        error_messages={"required": _("The name is missing. For example: Acme Vision")},
    )


class JoinDomainForm(forms.Form):
    join_domain = forms.CharField(
        label=_("Domain"),
        required=False,
        max_length=253,
        help_text=_(
            "The part after the @ in your e-mail addresses. Everybody with such an address can join as a member: they"
            " request a link on the sign-in page, and we mail it to that address."
            " Leave it empty if people join only by invitation."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "example.com", "inputmode": "url"}),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, actor_role: str, data: Any = None, *, initial: str = "") -> None:
        super().__init__(data, initial={"role": initial})
        field = self.fields["role"]
        if isinstance(field, forms.ChoiceField):
            field.choices = role_choices(actor_role)
