"""The form of a new run: the common selections. Everything else is JSON."""

from __future__ import annotations

import json
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.rendering import MOST_CHARACTERS
from runs.models import Priority
from runs.pages.building import THRESHOLDS
from runs.pages.offers import Offers, with_value

MOST_LABELS = 6
STRONGEST = 1e9
_NOTHING = ("", _("Don't use it"))
_OPERATIONS = [
    ("BIGGER", _("above")),
    ("BIGGER_EQUAL", _("at least")),
    ("SMALLER", _("below")),
    ("SMALLER_EQUAL", _("at most")),
]


def _strength() -> forms.FloatField:
    return forms.FloatField(
        label=_("Strength"), required=False, min_value=-STRONGEST, max_value=STRONGEST, help_text=_("1 if empty.")
    )


def _number(label: Any, help_text: Any = "", **limits: Any) -> forms.FloatField:
    return forms.FloatField(label=label, required=False, help_text=help_text, **limits)


class HowForm(forms.Form):
    """When and where a run is done. Both ways to write a configuration have it below them."""

    priority = forms.ChoiceField(
        label=_("Priority"),
        choices=Priority.choices,
        required=False,
        initial=Priority.MID,
        help_text=_("Of waiting runs, those with the highest priority go first."),
    )
    runs_on = forms.CharField(
        label=_("Only on workers with these labels"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("Separated by commas, such as gpu, eu. Empty: any worker."),
    )

    def clean_priority(self) -> str:
        return str(self.cleaned_data["priority"] or Priority.MID)

    def clean_runs_on(self) -> list[str]:
        labels = sorted({each.strip() for each in self.cleaned_data["runs_on"].split(",") if each.strip()})
        if len(labels) > MOST_LABELS:
            raise ValidationError(gettext("At most %(most)s labels.") % {"most": MOST_LABELS})
        return labels


class RunForm(forms.Form):
    """Cleaned values are those of `building.Values`."""

    size_by = forms.ChoiceField(
        label=_("How many samples"),
        choices=[("count", _("A number")), ("share", _("A share of the input"))],
        required=False,
        initial="count",
        widget=forms.RadioSelect,
    )
    count = forms.IntegerField(label=_("Number of samples"), required=False, min_value=1, max_value=10**9)
    share = _number(_("Percent of the input"), min_value=0.0001, max_value=100)

    diversity = forms.BooleanField(
        label=_("Diversity"), required=False, help_text=_("Prefers samples that look unlike those already chosen.")
    )
    diversity_distance = _number(
        _("Least distance"), _("0 to 2. The selection stops before two samples are closer."), min_value=0, max_value=2
    )
    diversity_strength = _strength()
    typicality = forms.BooleanField(
        label=_("Typicality"), required=False, help_text=_("Prefers samples that look like many others.")
    )
    typicality_neighbours = forms.IntegerField(
        label=_("Number of neighbours"), required=False, min_value=2, max_value=10_000, initial=20
    )
    typicality_least = _number(_("Least typicality"), _("Above 0, up to 1."), min_value=0, max_value=1)
    typicality_strength = _strength()

    balance_by = forms.ChoiceField(label=_("Balance by"), required=False)
    balance_distribution = forms.ChoiceField(
        label=_("Towards"),
        required=False,
        choices=[
            ("UNIFORM", _("equal shares of all classes")),
            ("INPUT", _("the mix of the input")),
            ("TARGET", _("the shares below")),
        ],
    )
    balance_target = forms.CharField(
        label=_("Shares"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One class in a line, such as car: 0.3. What is missing to 1 belongs to all other classes."),
    )
    balance_strength = _strength()
    weights_by = forms.ChoiceField(label=_("Prefer by a number"), required=False)
    weights_order = forms.ChoiceField(
        label=_("Prefer"), required=False, choices=[("high", _("high numbers")), ("low", _("low numbers"))]
    )
    weights_strength = _strength()

    threshold_by = forms.ChoiceField(label=_("Only samples whose"), required=False)
    threshold_operation = forms.ChoiceField(label=_("is"), required=False, choices=_OPERATIONS)
    threshold_value = _number(_("Number"))
    threshold2_by = forms.ChoiceField(label=_("And whose"), required=False)
    threshold2_operation = forms.ChoiceField(label=_("is"), required=False, choices=_OPERATIONS)
    threshold2_value = _number(_("Number"))
    random = forms.BooleanField(
        label=_("At random"), required=False, help_text=_("To compare with, or where nothing else is known.")
    )

    process_all = forms.BooleanField(
        label=_("Process all files"),
        required=False,
        help_text=_("Otherwise only those that came after the last run."),
    )
    use_datapool = forms.BooleanField(
        label=_("Use the datapool"),
        required=False,
        help_text=_("Select on top of the samples that the dataset holds. Needed once it holds some."),
    )
    relevant_filenames_file = forms.CharField(
        label=_("Relevant filenames file"),
        required=False,
        max_length=900,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("In the Lightly datasource, below .lightly/. Empty: all files."),
    )
    embeddings_file = forms.CharField(
        label=_("Embeddings file"),
        required=False,
        max_length=900,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("A CSV file below .lightly/embeddings/. Empty: the workers compute them."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        required=False,
        min_value=-(2**63),
        max_value=2**63 - 1,
        help_text=_("Same seed, same files: same selection. 1 if empty."),
    )
    bypass_verify = forms.BooleanField(
        label=_("Run without the permission check"),
        required=False,
        help_text=_("For storage that only the workers can reach. If a permission is missing, the run fails midway."),
    )

    def __init__(self, *args: Any, offers: Offers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("weights_by", *(f"{each}_by" for each in THRESHOLDS)):
            self._offer(name, offers.numbers)
        self._offer("balance_by", offers.classes)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = gettext("This is not one of the choices.")

    def _offer(self, name: str, choices: Any) -> None:
        """With what another run's configuration brought, which the last check may not have seen."""
        value = str(self[name].value() or "")
        offered = with_value(choices, value, _label(value)) if _label(value) else choices
        cast(forms.ChoiceField, self.fields[name]).choices = [_NOTHING, *offered]

    def clean_balance_target(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for line in str(self.cleaned_data["balance_target"]).splitlines():
            name, _colon, share = line.rpartition(":")
            if not line.strip():
                continue
            try:
                found[name.strip()] = float(share)
            except ValueError:
                wrong = gettext("“%(line)s” is not a class, a colon and a share, such as car: 0.3.")
                raise ValidationError(wrong % {"line": line[:60]}) from None
            if not name.strip():
                raise ValidationError(gettext("A line has a share and no class before it."))
        return found

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("typicality") and found.get("typicality_neighbours") is None and not self.errors:
            found["typicality_neighbours"] = self.fields["typicality_neighbours"].initial
        return found


class JsonForm(forms.Form):
    """The whole configuration as a text."""

    text = forms.CharField(
        label=_("Configuration"),
        max_length=MOST_CHARACTERS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("The object “config” as the official client sends it with vX: docker, lightly and selection."),
    )

    def clean_text(self) -> dict[str, Any]:
        try:
            found = json.loads(self.cleaned_data["text"], parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            place = gettext("This is no JSON: line %(line)s, column %(column)s.")
            raise ValidationError(place % {"line": error.lineno, "column": error.colno}) from None
        except (RecursionError, ValueError):
            raise ValidationError(gettext("This is no JSON.")) from None
        if not isinstance(found, dict):
            raise ValidationError(gettext("A configuration is an object: write it in braces."))
        return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


def target_text(shares: dict[str, float]) -> str:
    return "\n".join(f"{name}: {share:g}" for name, share in shares.items())


def _label(value: str) -> str:
    """Of an input that is the value of a choice; empty if it is none."""
    try:
        source = json.loads(value)
        parts = [str(source.get(key, "")) for key in ("task", "score", "key")]
    except (ValueError, AttributeError, RecursionError):
        return ""
    categories = source.get("categories")
    return ": ".join(each for each in parts if each) + (f" ({', '.join(map(str, categories))})" if categories else "")
