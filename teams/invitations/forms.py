"""Forms of invitations, for those who send them and for those who got one."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.addresses import LONGEST, NOT_AN_ADDRESS, recipients, validate_address
from core.names import NameField
from teams import roles
from teams.invitations.services import MOST_AT_ONCE, Invited
from teams.models import LONGEST_PASSWORD, Role, User
from teams.roles import role_choices


class InviteForm(forms.Form):
    """Addresses, one per line or as mail programs copy them, perhaps each with its role.

    `cleaned_data["people"]` is a list of Invited.
    """

    people = forms.CharField(
        label=_("E-mail addresses"),
        strip=False,
        max_length=40_000,
        help_text=_(
            "One per line, or a list copied from your mail program. A role may follow a comma: ben@example.com, admin"
        ),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"required": _("Enter at least one address. For example: ben@example.com")},
    )
    role = forms.ChoiceField(label=_("Default role"), initial=Role.MEMBER)

    def __init__(self, actor_role: str, data: Any = None) -> None:
        super().__init__(data)
        self.given = {role.value.lower(): role.value for role in roles.roles_given_by(actor_role)}
        field = self.fields["role"]
        if isinstance(field, forms.ChoiceField):
            field.choices = role_choices(actor_role)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "people" in data and "role" in data:
            data["people"] = self._people(data["people"], data["role"])
        return data

    def _people(self, text: str, default: str) -> list[Invited]:
        people: dict[str, Invited] = {}
        problems = []
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        found = [(number, *person) for number, line in lines for person in recipients(line, self.given)]
        for number, address, word in found[:MOST_AT_ONCE]:
            try:
                person = self._person(address, word, default)
                if person.email in people:
                    raise ValidationError(gettext("%(person)s is listed twice.") % {"person": person.email})
                people[person.email] = person
            except ValidationError as error:
                problems.append(
                    gettext("Line %(number)s: %(problems)s") % {"number": number, "problems": " ".join(error.messages)}
                )
        if len(found) > MOST_AT_ONCE:
            problems.append(
                gettext("These are %(count)s addresses. At most %(most)s at once.")
                % {"count": len(found), "most": MOST_AT_ONCE}
            )
        if not found:
            problems.append(gettext("Enter at least one address. For example: ben@example.com"))
        if problems:
            self.add_error("people", problems)
        return list(people.values())

    def _person(self, address: str, word: str, default: str) -> Invited:
        """Who is invited as what. Raises ValidationError."""
        email, word = User.objects.normalize_email(address), word.lower()
        try:
            validate_address(email)
        except ValidationError:
            raise ValidationError(
                gettext("“%(short)s” is not an e-mail address.") % {"short": _short(address)}
            ) from None
        if word and word not in self.given:
            may_be = ", ".join(self.given)
            raise ValidationError(
                gettext("“%(short)s” is not a valid role. Valid roles: %(may_be)s.")
                % {"short": _short(word), "may_be": may_be}
            )
        return Invited(email, self.given[word] if word else default)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


class AcceptForm(forms.Form):
    """A new account for an invited address."""

    name = NameField(
        label=_("Your name"),
        max_length=150,
        help_text=_("As your colleagues see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )
    password = forms.CharField(
        max_length=LONGEST_PASSWORD,
        label=_("Password"),
        strip=False,
        help_text=_("At least 10 characters, not a common password."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class JoinForm(forms.Form):
    email = forms.EmailField(
        label=_("Your e-mail address at work"),
        max_length=LONGEST,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "placeholder": "ben@example.com"}),
        error_messages={"invalid": NOT_AN_ADDRESS},
    )
