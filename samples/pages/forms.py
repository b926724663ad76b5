"""What people fill in about tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.rendering import MOST_CHARACTERS
from samples.models import SampleType, Tag
from samples.names import LONGEST_TAG_NAME
from samples.tags.filters import NUMBERS, Filter
from samples.tags.services import Operation

LONGEST_PART = 500


class TagNameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_TAG_NAME,
        help_text=_("Letters, digits, spaces and . : ; = @ _ -. Scripts find the tag by it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "to-label 2026-11"}),
        error_messages={"required": _("The name is missing. For example: to-label 2026-11")},
    )


class NamesForm(TagNameForm):
    names = forms.CharField(
        label=_("Names of files"),
        max_length=MOST_CHARACTERS,
        help_text=_("One a line, as they are called in this dataset. For more than about a thousand use the client."),
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "placeholder": "street/night/007.jpg"}),
        error_messages={"required": _("Enter at least one name.")},
    )

    @property
    def chosen(self) -> list[str]:
        return [line.strip("\r") for line in self.cleaned_data["names"].split("\n") if line.strip()]


class TwoTagsForm(TagNameForm):
    """Tags are chosen by their ids."""

    one = forms.ChoiceField(label=_("First tag"))
    operation = forms.ChoiceField(
        label=_("How they are combined"),
        choices=[
            (Operation.UNION.value, _("Union: samples that are in either")),
            (Operation.INTERSECTION.value, _("Intersection: samples that are in both")),
            (Operation.DIFFERENCE.value, _("Difference: samples of the first that are not in the second")),
        ],
        initial=Operation.DIFFERENCE.value,
        widget=forms.RadioSelect,
    )
    other = forms.ChoiceField(label=_("Second tag"))
    field_order = ("one", "operation", "other", "name")

    def __init__(self, tags: Sequence[Tag], data: Any = None, **how: Any) -> None:
        super().__init__(data, **how)
        choices = [(tag.pk, f"{tag.name} ({tag.size:,})") for tag in tags]
        for name in ("one", "other"):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices


_NUMBER_WORDS = {
    "sharpness": _("Sharpness"),
    "snr": _("Signal to noise"),
    "luminance": _("Luminance (0 to 100)"),
    "contrast": _("Contrast"),
    "uniformRowRatio": _("Share of uniform rows (0 to 1)"),
    "sizeInBytes": _("Size in bytes"),
    "width": _("Width in pixels"),
    "height": _("Height in pixels"),
}


class FilterForm(TagNameForm):
    within = forms.ChoiceField(label=_("Among the samples of"))
    begins = forms.CharField(
        label=_("The name begins with"),
        required=False,
        max_length=LONGEST_PART,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "street/night/"}),
    )
    contains = forms.CharField(
        label=_("The name contains"),
        required=False,
        max_length=LONGEST_PART,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    type = forms.ChoiceField(
        label=_("Type"), required=False, choices=[("", _("Images and frames")), *SampleType.choices[:2]]
    )
    key = forms.ChoiceField(
        label=_("Measured"), required=False, choices=[("", "–"), *((key, _NUMBER_WORDS[key]) for key in NUMBERS)]
    )
    least = forms.FloatField(label=_("at least"), required=False)
    most = forms.FloatField(label=_("at most"), required=False)
    field_order = ("within", "begins", "contains", "type", "key", "least", "most", "name")

    def __init__(self, tags: Sequence[Tag], data: Any = None, **how: Any) -> None:
        super().__init__(data, **how)
        field = self.fields["within"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(tag.pk, f"{tag.name} ({tag.size:,})") for tag in tags]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("key") and told.get("least") is None and told.get("most") is None:
            self.add_error("least", _("Say how much it is at least, or at most."))
        if not told.get("key") and (told.get("least") is not None or told.get("most") is not None):
            self.add_error("key", _("Say what is measured."))
        return told

    def filter(self, tags: Sequence[Tag]) -> Filter:
        told = self.cleaned_data
        within = next((tag for tag in tags if tag.pk == told["within"]), None)
        return Filter(
            prefix=told["begins"].replace("\0", ""),
            contains=told["contains"].replace("\0", ""),
            type=told["type"],
            key=told["key"],
            least=told["least"],
            most=told["most"],
            within=within,
        )
