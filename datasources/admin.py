"""For looking only: credentials are changed in the settings dialog, where a check follows, and never shown anywhere."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from datasources.models import Alert, Datasource, PermissionCheck


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Datasource)
class DatasourceAdmin(ReadOnlyAdmin):
    list_display = ["dataset", "purpose", "provider", "path", "revision", "modified_at"]
    list_filter = ["purpose", "provider"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name", "path"]
    exclude = ["sealed_config", "latest_check"]


@admin.register(PermissionCheck)
class PermissionCheckAdmin(ReadOnlyAdmin):
    list_display = ["queued_at", "state", "outcome", "provider", "path", "trigger", "requested_by", "milliseconds"]
    list_filter = ["state", "outcome", "trigger", "provider"]
    list_select_related = ["requested_by"]
    search_fields = ["path", "requested_by__email"]
    date_hierarchy = "queued_at"


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "datasource"]
    list_filter = ["kind"]
    list_select_related = ["datasource"]
    date_hierarchy = "created_at"
