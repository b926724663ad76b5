from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.addresses import NOT_AN_ADDRESS
from core.names import NameField
from teams.models import LONGEST_PASSWORD, Scope, TokenState, User
from teams.services import DEFAULT_LIFETIME, DEFAULT_SCOPES
from teams.tokens import setup


class WelcomeForm(forms.Form):
    """The first person of an installation, who owns the first team."""

    setup_secret = forms.CharField(
        label=_("Setup secret"),
        max_length=200,
        help_text=_("It is in the output of the server's start, at the end of the link for the owner account."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"required": _("The setup secret is missing. It is in the output of the server's start.")},
    )
    team_name = NameField(
        label=_("Team name"),
        max_length=150,
        help_text=_("Your company or group. You can change it later."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "placeholder": "Acme Vision"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("You sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "placeholder": "ava@example.com"}),
        error_messages={"invalid": NOT_AN_ADDRESS},
    )
    password = forms.CharField(
        max_length=LONGEST_PASSWORD,
        label=_("Password"),
        strip=False,
        help_text=_("At least 10 characters, not a common password."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        max_length=LONGEST_PASSWORD,
        label=_("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None, *, asks_secret: bool, secret: str = "") -> None:
        super().__init__(data, initial={"setup_secret": secret})
        if not asks_secret:
            del self.fields["setup_secret"]

    def clean_setup_secret(self) -> str:
        secret: str = self.cleaned_data["setup_secret"]
        if not setup.is_right(secret):
            raise forms.ValidationError(
                gettext("This is not the setup secret. It is in the output of the server's start.")
            )
        return secret

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password:
            if "password_again" in data and data["password_again"] != password:
                self.add_error("password_again", gettext("The two passwords differ. Type the same password twice."))
            try:
                validate_password(password, User(email=data.get("email", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class RightsForm(forms.Form):
    """What a new API token may, and until when it works.

    `cleaned_data["scopes"]` are values of Scope beside READ, which every token has; `expires_at` is None for one that
    always works.
    """

    ON_A_DAY = "day"

    name = NameField(
        label=_("Name"),
        max_length=150,
        help_text=_("Where you will use it, to know later which one to revoke."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "training-server"}),
        error_messages={"required": _("The name is missing. For example: training-server")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("Rights"),
        required=False,
        help_text=_("Every token can read what you can see. Choose what else it may do."),
        choices=[choice for choice in Scope.choices if choice[0] != Scope.READ],
        initial=[scope for scope in DEFAULT_SCOPES if scope != Scope.READ],
        widget=forms.CheckboxSelectMultiple,
    )
    expires = forms.ChoiceField(
        label=_("Expires"),
        help_text=_("An expiry date limits the damage if the token leaks."),
        choices=[
            ("30", _("in 30 days")),
            ("90", _("in 90 days")),
            ("365", _("in 365 days")),
            (ON_A_DAY, _("on a chosen date")),
            ("never", _("never")),
        ],
        initial=str(DEFAULT_LIFETIME.days),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("The token expires at the end of that day (UTC)."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("This is not a date. For example: 2030-12-31")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        expires, last_day = data.get("expires"), data.get("last_day")
        if expires == self.ON_A_DAY:
            if last_day is None:
                if "last_day" not in self.errors:
                    self.add_error("last_day", gettext("Choose a date. For example: 2030-12-31"))
            elif last_day < timezone.now().date():
                self.add_error("last_day", gettext("This date is in the past. Choose a later one."))
            else:
                data["expires_at"] = datetime.combine(last_day, time.max, UTC)
        elif expires and expires.isdigit():
            data["expires_at"] = timezone.now() + timedelta(days=int(expires))
        if expires != self.ON_A_DAY:  # then nobody sees the field
            self.errors.pop("last_day", None)
        return data


class TokenForm(RightsForm):
    """A person's own."""

    def __init__(self, user: User, data: Any = None) -> None:
        self.user = user
        super().__init__(data)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        # Also what keeps a reload, which sends the form again, from making another token.
        if any(token.state is TokenState.ACTIVE for token in self.user.api_tokens.filter(name=name)):
            raise forms.ValidationError(
                gettext(
                    "You already have a token with this name. It can't be shown again: if you did not copy it, "
                    "revoke it and create a new one."
                )
            )
        return name
