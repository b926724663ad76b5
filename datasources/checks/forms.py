from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from datasources.checks.schedule import LONGEST_HOURS


class IntervalForm(forms.Form):
    hours = forms.IntegerField(
        label=_("Check interval in hours"),
        min_value=0,
        max_value=LONGEST_HOURS,
        help_text=_(
            "Each datasource of the team is checked by itself this often, give or take a tenth, and you hear of"
            " it when something changed. From a change on, the first check comes within one interval."
            " 0 switches it off."
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("The number of hours is missing. For example: 6"),
            "invalid": _("This is not a whole number of hours. For example: 6"),
            "min_value": _("Enter 0 or more hours. For example: 6, or 0 to switch scheduled checks off."),
            "max_value": format_lazy(
                _("Enter at most {hours} hours (one week). For example: 24, or 0 to switch scheduled checks off."),
                hours=LONGEST_HOURS,
            ),
        },
    )
