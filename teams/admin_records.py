"""What happened, and who did it. Nobody changes or deletes that."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from teams.admin_base import LookOnlyAdmin, chosen
from teams.models import User


@admin.register(LogEntry)
class AdminActionAdmin(LookOnlyAdmin):
    """What was done in this panel, by whom. It outlives what it is about, and nobody can delete it."""

    title = "Admin actions"
    list_display = ("action_time", "user", "what", "content_type", "object_repr")
    list_filter = ("action_flag", chosen("user", User))
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "user__email", "object_id__exact")
    search_help_text = "What it is about (its name or id), or by whom (e-mail address)"
    ordering = ("-pk",)
    fields = ("action_time", "user", "content_type", "object_repr", "object_id", "what")

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message() or entry.get_action_flag_display()
