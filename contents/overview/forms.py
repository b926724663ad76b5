from django import forms
from django.utils.translation import gettext_lazy as _

from contents.models import Depth


class DepthForm(forms.Form):
    depth = forms.ChoiceField(
        label=_("When an Input datasource is green for the first time"),
        choices=Depth.choices,
        help_text=_("A million files take about a thousand list requests. People can look again at any time."),
        error_messages={
            "required": _("Choose what happens by itself."),
            "invalid_choice": _("This is not one of the choices."),
        },
    )
