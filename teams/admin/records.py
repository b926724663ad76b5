"""What happened, and who did it. Nobody changes or deletes that."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from teams.admin.base import LookOnlyAdmin, chosen
from teams.models import AuditEntry, Invitation, Team, User


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


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnlyAdmin):
    """What people did to their teams. It ends with the team."""

    title = "Activity of teams"
    goes_with_its_parent = True
    list_display = ("created_at", "team", "actor_name", "action", "target")
    list_filter = ("action", chosen("team", Team))
    list_select_related = ("team",)
    search_fields = ("actor_name", "target", "team__name")
    search_help_text = "Who, what, or the team's name"
    ordering = ("-pk",)
    fields = ("created_at", "team", "actor", "actor_name", "action", "target")


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
