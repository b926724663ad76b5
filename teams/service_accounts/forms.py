from django import forms
from django.utils.translation import gettext_lazy as _


class ServiceAccountForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        help_text=_("What the account does, or where it runs."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "nightly-training"}),
        error_messages={"required": _("The name is missing. For example: nightly-training")},
    )


class AccountTokenForm(ServiceAccountForm):
    name = forms.CharField(
        label=_("Name of the token"),
        max_length=150,
        help_text=_("Where you will use it, to know later which one to revoke."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "training-server"}),
        error_messages={"required": _("The name is missing. For example: training-server")},
    )
