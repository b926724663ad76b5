from django.contrib.admin.apps import AdminConfig


class AdminPanelConfig(AdminConfig):
    default_site = "lightly_platform.admin_site.AdminPanel"
