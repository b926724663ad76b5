from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from datasets.models import LONGEST_NAME, Dataset, DatasetType, validate_name


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        validators=[validate_name],
        help_text=_("Letters, digits, spaces, _ and -. Scripts find the dataset by it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "street-scenes-2026"}),
        error_messages={"required": _("The name is missing. For example: street-scenes-2026")},
    )


class DatasetForm(NameForm):
    type = forms.ChoiceField(
        label=_("Type"),
        choices=[
            (DatasetType.IMAGES, _("Images")),
            (DatasetType.VIDEOS, _("Videos: frames are extracted from them")),
            (DatasetType.CROPS, _("Crops: cut-out objects of another dataset")),
        ],
        initial=DatasetType.IMAGES,
        widget=forms.RadioSelect,
    )


class DeleteForm(forms.Form):
    """Deleting asks for the name, so that it never happens by a slip."""

    confirm = forms.CharField(
        max_length=LONGEST_NAME,
        label=_("Type the dataset's name to confirm"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Type the dataset's name to confirm.")},
    )

    def __init__(self, dataset: Dataset, data: object = None) -> None:
        self.dataset = dataset
        super().__init__(data)  # type: ignore[arg-type]

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if typed.strip() != self.dataset.name:
            raise forms.ValidationError(
                gettext("This is not the dataset's name. Type exactly: %(dataset)s") % {"dataset": self.dataset.name}
            )
        return typed
