"""The forms of django-allauth, where our words are better than its own."""

from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

from core.addresses import NOT_AN_ADDRESS
from core.names import NameField
from teams.sign_in.recording import passkey_failed, second_factor_failed

ADDRESS_LABEL = _("E-mail address")


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = ADDRESS_LABEL
        self.fields["login"].error_messages["invalid"] = NOT_AN_ADDRESS
        self.fields["login"].widget.attrs.pop("placeholder", None)  # it would say the label again
        if "remember" in self.fields:
            self.fields["remember"].label = _("Keep me signed in")


class AskForPasswordForm(ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = ADDRESS_LABEL
        self.fields["email"].error_messages["invalid"] = NOT_AN_ADDRESS
        self.fields["email"].widget.attrs.pop("placeholder", None)


class SecondPasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The passkey as the second step. A wrong one stands in the log, as a wrong code does."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except forms.ValidationError:
            second_factor_failed(sender=type(self), user=self.user)
            raise


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    """The passkey alone. Whose a wrong one is nobody knows."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except forms.ValidationError:
            passkey_failed()
            raise


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    name = NameField(
        label=_("Name"),
        required=False,
        max_length=100,
        help_text=_("To recognise it later."),
        widget=forms.TextInput(attrs={"placeholder": "My laptop", "autocomplete": "off"}),
    )
    passwordless = forms.BooleanField(
        label=_("Use it instead of my password"),
        required=False,
        initial=True,
        help_text=_("You then sign in with the passkey only. If not ticked, it is a second step after the password."),
    )

    field_order = ["name", "passwordless", "credential"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.initial.pop("name", None)  # "Master key" tells nobody anything


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    name = NameField(label=_("Name"), max_length=100)
