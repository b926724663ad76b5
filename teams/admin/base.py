"""What all pages of the admin panel share: who may do what there, what may be asked for, actions that ask first.

Staff look at everything and change nothing. Superusers change what their pages let them change. Nobody needs rows in a
permission table for it. Every model of the panel has a StaffAdmin or, if it is for looking only, a LookOnlyAdmin; the
tests in tests/lightly_platform/test_admin_site.py walk all that are registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from core.names import validate_visible
from core.words import moment_words
from teams import audit
from teams.models import AuditAction, Team, User
from teams.queries import MOST_WORDS

# So many of the selected rows are named where an action asks once more.
MOST_NAMED = 20


def may_look(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_staff", False))


def may_change(request: HttpRequest) -> bool:
    return may_look(request) and bool(getattr(request.user, "is_superuser", False))


class StaffRules:
    """For models and for their inlines."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_look(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_look(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """For actions: `@admin.action(permissions=["act"])`, also on models whose rows are for looking only."""
        return may_change(request)


@dataclass(frozen=True)
class Question:
    """What an action asks before it does anything. `text` is one sentence on what will happen."""

    title: str
    text: str
    verb: str
    dangerous: bool = False


class StaffAdmin(StaffRules, admin.ModelAdmin):
    """Name the fields (`fields` or `fieldsets`, never `exclude`): so a new column, maybe a secret, is not shown."""

    # What its rows are called where Django's name does not fit.
    title = ""
    # Counting all rows beside those found costs a second query that grows with the table.
    show_full_result_count = False
    # Counts beside every choice of every filter would cost a query each.
    show_facets = admin.ShowFacets.NEVER
    # Rows that vanish with what they belong to, although nobody may delete them one by one.
    goes_with_its_parent = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # Instead of "Select team to change".
        context = {"title": self.list_title, **(extra_context or {})}
        if request.method != "POST":
            return super().changelist_view(request, context)
        with transaction.atomic():  # what an action does, and what the log tells of it; as Django's own pages of rows
            return super().changelist_view(request, context)

    @property
    def list_title(self) -> str:
        return self.title or capfirst(str(self.opts.verbose_name_plural))

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Only what the filters offer. Django allows every field of the model in a list's address, and so guessing a
        hash, or an encrypted config, character by character (?digest__startswith=a)."""
        filters: Sequence[Any] = self.get_list_filter(request) if request else self.list_filter
        if any(getattr(each, "parameter_name", None) == lookup for each in filters):
            return True
        names = [each if isinstance(each, str) else each[0] for each in filters if isinstance(each, str | tuple)]
        offered = [*names, *([self.date_hierarchy] if self.date_hierarchy else [])]
        wanted = any(lookup == name or lookup.startswith(f"{name}__") for name in offered)
        return wanted and super().lookup_allowed(lookup, value, request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(db_field, models.CharField) and isinstance(field, forms.CharField):
            field.validators.append(validate_visible)
        return field

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        return super().get_search_results(request, queryset, " ".join(search_term.split()[:MOST_WORDS]))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        to_delete, model_count, perms_needed, protected = super().get_deleted_objects(objs, request)
        registered = self.admin_site._registry.items()
        along = {model._meta.verbose_name for model, its in registered if getattr(its, "goes_with_its_parent", False)}
        return to_delete, model_count, perms_needed - along, protected

    def ask(
        self, request: HttpRequest, queryset: QuerySet[Any], question: Question, form: forms.Form | None = None
    ) -> TemplateResponse | None:
        """The page that asks; None once the person has confirmed, and filled in the form as it must be."""
        if "confirmed" in request.POST and (form is None or form.is_valid()):
            return None
        count = queryset.count()
        everything = request.POST.get("select_across") == "1"
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        context = {
            **self.admin_site.each_context(request),
            "title": question.title,
            "list_title": self.list_title,
            "question": question,
            "form": form,
            "opts": self.opts,
            "media": self.media,
            "action": request.POST.getlist("action")[0],
            "count": count,
            "named": queryset[:MOST_NAMED],
            "more": max(0, count - MOST_NAMED),
            "select_across": int(everything),
            # With "all of the list" one stands for all; the server finds the others by itself.
            "selected": selected[:1] if everything else selected,
        }
        return TemplateResponse(
            request, "admin/confirm_action.html", context, status=422 if form and form.errors else 200
        )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        entry = super().log_addition(request, obj, message)
        self._record([obj], entry.get_change_message())
        return entry

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        entry = super().log_change(request, obj, message)
        self._record([obj], entry.get_change_message())
        return entry

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        self._record(queryset, "Deleted.")
        return super().log_deletions(request, queryset)

    def log_each(self, request: HttpRequest, rows: Iterable[Any], message: str, *, is_recorded: bool = False) -> None:
        """Into "Admin actions", which Django itself writes for the pages of single rows only; and into the log.

        `is_recorded`: the service that did it has written to the log.
        """
        rows = list(rows)
        if not is_recorded:
            self._record(rows, message)
        LogEntry.objects.log_actions(
            user_id=str(request.user.pk), queryset=rows, action_flag=CHANGE, change_message=message
        )

    def _record(self, rows: Iterable[Any], message: str) -> None:
        """One entry for each row, or one for each team of the person whom it is about. `message` names fields alone."""
        for row in rows:
            target = f"{self.opts.verbose_name} {row}: {message}"
            for team in teams_about(row):
                audit.record(team=team, action=AuditAction.ADMIN_CHANGED, target=target)

    def tell(self, request: HttpRequest, done: str, *, count: int) -> None:
        self.message_user(request, done, messages.SUCCESS if count else messages.WARNING)

    def tell_errors(self, request: HttpRequest, error: ValidationError) -> None:
        for text in error.messages:
            self.message_user(request, text, messages.ERROR)


def teams_about(row: Any) -> list[Team | None]:
    """In whose logs a change of this row stands: [None] if only operators see it."""
    if isinstance(row, Team):
        return [row]
    holder = row
    for name in ("datasource", "dataset"):
        holder = getattr(holder, name, holder)
    team = getattr(holder, "team", None)
    if team:
        return [team]
    person = row if isinstance(row, User) else getattr(row, "user", None)
    return list(Team.objects.filter(memberships__user=person)) or [None] if person else [None]


class LookOnlyAdmin(StaffAdmin):
    """Nobody adds, changes or deletes these rows by hand. Actions are another matter."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ChosenFilter(admin.SimpleListFilter):
    """Rows of one parent, where a link elsewhere leads to. Never ten thousand parents to choose from."""

    parents: QuerySet[Any]

    def value(self) -> str | None:
        value = super().value()
        return value if value and value.isalnum() else None  # as all ids are

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value()
        if not value:
            return []
        parent = self.parents.filter(pk=value).first()
        return [(value, str(parent) if parent else "does not exist")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{f"{self.parameter_name}_id": value}) if value else queryset


def chosen(field: str, model: type[Model]) -> type[ChosenFilter]:
    """A filter of this name, such as ?team=<id>, that shows itself only while it is used."""
    members = {"title": model._meta.verbose_name, "parameter_name": field, "parents": model._default_manager.all()}
    return type(f"Chosen{model.__name__}Filter", (ChosenFilter,), members)


def moment(value: datetime | None) -> str:
    """For people; "-" for none."""
    return moment_words(value) if value else "-"


def list_link(model: type[Model], text: str, **query: str) -> SafeString:
    """A link to the model's list in the panel, filtered."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return format_html('<a href="{}">{}</a>', reverse(name, query=query), text)


def row_link(row: Model | None) -> SafeString | str:
    """A link to the row's own page in the panel."""
    if row is None:
        return "-"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), str(row))
