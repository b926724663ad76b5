"""The filters above the log. Pages and the REST API read them alike."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from teams.actions import AuditCategory
from teams.audit.queries import Cursor, Filters

_NOT_A_DAY = _("This is not a date. For example: 2030-12-31")


class ActivityForm(forms.Form):
    """`filters` and `before` are there once it is valid."""

    q = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Dataset, address, token")}),
    )
    person = forms.CharField(
        label=_("Person"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"placeholder": _("Name or e-mail address")}),
    )
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", _("all")), *AuditCategory.choices], error_messages={}
    )
    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _NOT_A_DAY},
    )
    until = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _NOT_A_DAY},
    )
    before = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def clean_before(self) -> Cursor | None:
        text: str = self.cleaned_data["before"]
        cursor = Cursor.read(text)
        if text and cursor is None:
            raise forms.ValidationError(gettext("This is no page of the list. Start again with the newest entries."))
        return cursor

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("This day is before the first one."))
        return data

    @property
    def filters(self) -> Filters:
        data = self.cleaned_data
        return Filters(data["person"], data["category"], data["since"], data["until"], data["q"])

    @property
    def before_cursor(self) -> Cursor | None:
        cursor: Cursor | None = self.cleaned_data["before"]
        return cursor
