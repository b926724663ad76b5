from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.web.navigation import ACCOUNT, API_TABS, Entry


class AdminPanelConfig(AdminConfig):
    default_site = "lightly_platform.admin_site.AdminPanel"

    def ready(self) -> None:
        super().ready()
        ACCOUNT.add(
            Entry(
                key="admin",
                label=_("Admin panel"),
                url_name="admin:index",
                order=30,
                icon="datasets",
                is_shown=_is_staff,
            )
        )
        API_TABS.add(
            Entry(key="reference", label=_("REST reference"), url_name="api:openapi-view", order=30, icon="external")
        )


class PlatformConfig(AppConfig):
    name = "lightly_platform"


def _is_staff(request: HttpRequest) -> bool:
    return bool(getattr(getattr(request, "user", None), "is_staff", False))
