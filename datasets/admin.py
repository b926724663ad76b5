from django.contrib import admin

from datasets.models import Dataset


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = ["name", "type", "team", "owner", "modified_at"]
    list_filter = ["type"]
    list_select_related = ["team", "owner"]
    search_fields = ["name", "=id", "owner__email"]
    autocomplete_fields = ["team", "owner"]
    readonly_fields = ["id", "created_at", "modified_at"]
