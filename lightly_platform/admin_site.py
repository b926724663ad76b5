"""The admin panel: Django's own, with our sign-in in front of it, tiles on its first page, and models sorted by use."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from monitoring.overview import overview

# Where a model stands on the first page, by its label. One that is named nowhere stands under the name of its app.
SECTIONS = {
    "People": ["teams.User", "teams.Team", "teams.Membership", "teams.Invitation"],
    "Data": [
        "datasets.Dataset",
        "datasources.Datasource",
        "datasources.PermissionCheck",
        "datasources.Alert",
        "datasources.GrantLink",
        "samples.Sample",
        "samples.Tag",
    ],
    "Runs": ["runs.Run", "runs.ScheduledRun", "runs.ComputeWorker"],
    "Ways to sign in": [
        "teams.ApiToken",
        "mfa.Authenticator",
        "account.EmailAddress",
        "socialaccount.SocialAccount",
    ],
    "Records": ["jobs.Job", "teams.AuditEntry", "admin.LogEntry"],
}


class AdminPanel(admin.AdminSite):
    site_header = site_title = "Lightly Platform"
    index_title = "Admin panel"

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one sign-in, which asks for the second factor and counts failures. Django's own does neither."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("The admin panel is for staff.")
        there = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(there, {request.get_host()}, request.is_secure()):
            there = reverse("admin:index")
        return HttpResponseRedirect(reverse("account_login", query={REDIRECT_FIELD_NAME: there}))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")

    password_change_done = password_change

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().index(request, {"overview": overview(), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django's list, by what models are for; the page of one app stays as Django has it."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                model["name"] = getattr(self._registry[model["model"]], "title", "") or model["name"]
        if app_label:
            return apps
        models = {model["model"]._meta.label: (model, app) for app in apps for model in app["models"]}
        sections = []
        for title, labels in SECTIONS.items():
            found = [models.pop(label) for label in labels if label in models]
            if found:
                _, app = found[0]
                sections.append({**app, "name": title, "models": [model for model, _ in found], "section": True})
        left = {id(app): app for _, app in models.values()}.values()
        kept = [
            {**app, "models": [model for model in app["models"] if model["model"]._meta.label in models]}
            for app in left
        ]
        return sections + kept
