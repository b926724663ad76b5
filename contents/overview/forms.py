from django import forms
from django.utils.translation import gettext_lazy as _

from contents.models import MOST_SAMPLE_FILES, SAMPLE_FILES, Depth


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
    sample = forms.IntegerField(
        label=_("Files in a sample"),
        required=False,
        min_value=1,
        max_value=MOST_SAMPLE_FILES,
        help_text=_("Images and videos that are read wholly. 200 pictures of a camera are about 600 MB."),
        error_messages={
            "invalid": _("Enter a whole number."),
            "min_value": _("A sample has at least one file."),
            "max_value": _("A sample has at most %(limit_value)s files. To read more, open all."),
        },
    )

    def clean_sample(self) -> int:
        """Without one, the usual number."""
        return self.cleaned_data["sample"] or SAMPLE_FILES
