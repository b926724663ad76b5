from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from datasources.checks.schedule import LONGEST_HOURS


class IntervalForm(forms.Form):
    hours = forms.IntegerField(
        label=_("Hours between scheduled checks"),
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
            "min_value": _("Less than 0 hours can't be. For example: 6, or 0 for no checks by themselves."),
            "max_value": format_lazy(
                _("At most {hours} hours, a week. For example: 24, or 0 for no checks by themselves."),
                hours=LONGEST_HOURS,
            ),
        },
    )
