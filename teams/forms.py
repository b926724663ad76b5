from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from teams.models import User


class WelcomeForm(forms.Form):
    """The first person of an installation, who owns the first team."""

    team_name = forms.CharField(
        label="Team name",
        max_length=150,
        help_text="Your company or group. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization", "placeholder": "Acme Vision"}),
    )
    email = forms.EmailField(
        label="E-mail address",
        help_text="You sign in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "placeholder": "ava@example.com"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 10 characters, not a common password.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password:
            if "password_again" in data and data["password_again"] != password:
                self.add_error("password_again", "The two passwords differ. Type the same one twice.")
            try:
                validate_password(password, User(email=data.get("email", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data
