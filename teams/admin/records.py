"""What happened, and who did it. Nobody changes or deletes that."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse

from core.web.spreadsheets import download
from teams import audit
from teams.actions import ACTIONS_OF, AuditCategory
from teams.admin.base import LookOnlyAdmin, chosen
from teams.audit.export import activity_lines
from teams.audit.queries import all_of
from teams.models import AuditAction, AuditEntry, Invitation, Team, User


@admin.register(LogEntry)
class AdminActionAdmin(LookOnlyAdmin):
    """What was done in this panel, by whom. It outlives what it is about, and nobody can delete it."""

    title = "Admin actions"
    list_display = ("action_time", "user", "what", "content_type", "object_repr")
    list_filter = ("action_flag", chosen("user", User))
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "user__email", "object_id__exact")
    search_help_text = "Name or id of the object, or the e-mail address of the person"
    ordering = ("-pk",)
    fields = ("action_time", "user", "content_type", "object_repr", "object_id", "what")

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message() or entry.get_action_flag_display()


class CategoryFilter(admin.SimpleListFilter):
    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in AuditCategory.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        chosen_one = self.value() or ""
        known = chosen_one in AuditCategory.values
        return queryset.filter(action__in=ACTIONS_OF[AuditCategory(chosen_one)]) if known else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnlyAdmin):
    """Who did what, of all teams and of none. Nobody changes or deletes it; what is old enough goes by itself."""

    title = "Activity"
    change_list_template = "admin/teams/auditentry/change_list.html"
    list_display = ("created_at", "team_name", "who", "via", "address", "action", "target")
    list_filter = (CategoryFilter, "created_at", "via", "action", chosen("team", Team), chosen("actor", User))
    search_fields = ("actor_name", "actor_email", "target", "team_name", "dataset_name", "dataset_id__exact", "address")
    search_help_text = "Who, what, dataset, team or address"
    ordering = ("-created_at", "-pk")
    fields = (
        "created_at", "team", "team_name", "actor", "actor_name", "actor_email", "via", "token_name", "address",
        "action", "target", "dataset_name", "dataset_id",
    )  # fmt: skip

    def get_urls(self) -> list[Any]:
        export = path("export.csv", self.admin_site.admin_view(self.export), name="teams_auditentry_export")
        return [export, *super().get_urls()]

    @admin.display(description="who", ordering="actor_name")
    def who(self, entry: AuditEntry) -> str:
        return entry.who

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is filtered, all pages of it. That somebody took it away is an entry as well."""
        try:
            entries = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:  # the list does the same, and Django's words are there
            return redirect(f"{reverse('admin:teams_auditentry_changelist')}?e=1")
        audit.record(team=None, action=AuditAction.EXPORTED, target="the activity of all teams")
        return download("activity-of-all-teams", activity_lines(all_of(entries)))


@admin.register(Invitation)
class InvitationAdmin(LookOnlyAdmin):
    """Who was asked to join. Made, renewed and revoked on the team's own page, which knows who may."""

    title = "Invitations"
    goes_with_its_parent = True
    list_display = ("created_at", "email", "team", "role", "how_it_stands", "invited_by", "expires_at")
    list_filter = ("role", chosen("team", Team))
    list_select_related = ("team", "invited_by")
    search_fields = ("email", "team__name")
    search_help_text = "E-mail address or team"
    ordering = ("-pk",)
    fields = (
        "email", "team", "role", "how_it_stands", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at",
        "mailed_at", "mail_problem",
    )  # fmt: skip
    readonly_fields = ("how_it_stands",)

    @admin.display(description="state")
    def how_it_stands(self, invitation: Invitation) -> str:
        return str(invitation.state.label)
