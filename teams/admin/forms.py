"""Forms of the admin panel for people and memberships, and the rules they keep: an owner and a superuser remain."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.models import BaseInlineFormSet

from teams.admin.services import last_superuser, teams_without_owner
from teams.models import Membership, Role, Team, User


def refuse_without_owner(leaving: list[Any], gained: frozenset[str] = frozenset()) -> None:
    """Raises ValidationError naming the teams that would be left without an owner. `gained`: teams that get one."""
    teams = [team for team in teams_without_owner(Membership.objects.filter(pk__in=leaving)) if team.pk not in gained]
    if teams:
        names = ", ".join(team.name for team in teams[:5])
        raise ValidationError(f"A team needs an owner. Make somebody else the owner first: {names}")


class PersonAddForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("email", "name")
        help_texts = {"email": "They choose their own password. You can create a link for it on the next page."}

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        self.instance.email_is_proven = True  # staff vouches for whom they make
        user: User = super().save(commit)
        return user


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("email", "name", "email_is_proven", "is_active", "is_staff", "is_superuser")
        labels = {"is_superuser": "May change everything there"}
        help_texts = {
            "email_is_proven": "Without it they don't see what other teams share with this address. Tick it only if you"
            " know that the address is theirs.",
            "is_active": "Without it they can't sign in, their sessions end, and their API tokens stop working.",
            "is_staff": "They can see everything there, read-only unless the next box is ticked too.",
            "is_superuser": "They can change everything, including the actions on lists.",
        }

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("is_superuser") and not data.get("is_staff"):
            self.add_error(
                "is_staff", "To change everything there, a person must also be allowed to open the admin panel."
            )
        if not all(data.get(name) for name in ("is_active", "is_staff", "is_superuser")):
            was = User.objects.get(pk=self.instance.pk)
            if was.is_active and was.is_staff and was.is_superuser and last_superuser([was]):
                self.add_error(
                    None, "This is the last person who may change things here. Give another person this right first."
                )
        return data


class PersonField(forms.ModelChoiceField):
    """By e-mail address, typed: there may be thousands to choose from."""

    widget = forms.EmailInput(attrs={"size": "40", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        errors = {"invalid_choice": "Nobody has this address. Add the person first."}
        super().__init__(
            User.objects.all(),
            to_field_name="email",
            label="Person",
            help_text="Their e-mail address.",
            error_messages=errors,
            **options,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(User.objects.normalize_email(value) if isinstance(value, str) else value)


class TeamField(forms.ModelChoiceField):
    """By name, typed, or by id where several have the name."""

    widget = forms.TextInput(attrs={"size": "40", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(Team.objects.all(), label="Team", help_text="Its name or id.", **options)

    def to_python(self, value: Any) -> Team | None:
        if value in self.empty_values or isinstance(value, Team):
            return value or None
        text = str(value).strip()
        found = list(Team.objects.filter(Q(name=text) | Q(pk=text))[:2])
        if len(found) != 1:
            several = "Several teams have this name. Enter the id instead; it is in the address of the team's page."
            raise ValidationError(several if found else "There is no team of this name.", code="invalid_choice")
        return found[0]


class NewMembershipForm(forms.ModelForm):
    user = PersonField()
    team = TeamField()

    class Meta:
        model = Membership
        fields = ("user", "team", "role")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        user = data.get("user") or User.objects.filter(pk=self.instance.user_id).first()
        if user and user.is_service_account:
            raise ValidationError("A service account stays in the team that made it. Create one in the other team.")
        if data.get("role") == Role.SERVICEACCOUNT:
            self.add_error("role", "A person can't become a service account. Create one on the team's page.")
        return data


class RoleForm(forms.ModelForm):
    class Meta:
        model = Membership
        fields = ("role",)

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if (role == Role.SERVICEACCOUNT) != self.instance.user.is_service_account:
            raise ValidationError(
                "The role of a service account can't be changed, and people can't become service accounts."
            )
        return role


class MembershipForm(RoleForm):
    """On a page of its own; where there are several of them, MembershipFormSet looks at all together."""

    def clean_role(self) -> str:
        role = super().clean_role()
        if role != Role.OWNER:
            refuse_without_owner([self.instance.pk])
        return role


class MembershipFormSet(BaseInlineFormSet):
    """On the page of a team or of a person: all its changes together must leave every team an owner."""

    def clean(self) -> None:
        super().clean()
        forms_of_rows = [form for form in self.forms if getattr(form, "cleaned_data", None)]
        owners = {form: form.cleaned_data.get("role") == Role.OWNER for form in forms_of_rows}
        stays = {form: owners[form] and not form.cleaned_data.get("DELETE") for form in forms_of_rows}
        leaving = [form.instance.pk for form in forms_of_rows if form.instance.pk and not stays[form]]
        gained = frozenset(form.instance.team_id for form in forms_of_rows if stays[form])
        refuse_without_owner(leaving, gained)


class NewMembershipFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        # Django leaves the parent out when it looks at constraints, and so never sees that a pair exists.
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            user, team = data.get("user"), data.get("team")
            if user and team and Membership.objects.filter(user_id=user.pk, team_id=team.pk).exists():
                raise ValidationError(f"{user} is in {team} already.")
