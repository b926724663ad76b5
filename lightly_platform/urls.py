from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path

from dashboard import help as help_pages
from dashboard import views
from lightly_platform.api import api, unknown_endpoint
from teams.sign_in.passkeys import remove_passkey


def no_such_page(request: HttpRequest) -> HttpResponse:
    raise Http404("Addresses are changed by the people who run this installation.")


handler500 = "lightly_platform.errors.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("teams.urls")),
    path("", include("datasets.urls")),
    path("", include("datasources.urls")),
    path("", include("contents.urls")),
    path("", include("samples.urls")),
    path("", include("runs.urls")),
    path("", include("jobs.urls")),
    path("", include("notifications.urls")),
    path("", include("monitoring.urls")),
    path("", include("dashboard.urls")),
    # Shares and invitations are bound to addresses, so nobody may give themselves another one unproved.
    path("accounts/email/", no_such_page),
    path("accounts/oidc/", include("teams.sign_in.single_sign_on")),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", remove_passkey),
    path("accounts/", include("allauth.urls")),
    path("help/", help_pages.index, name="help"),
    path("help/<slug:name>/", help_pages.page, name="help_page"),
    path("admin/", admin.site.urls),
    path("v1/", api.urls),
    re_path("^v1/", unknown_endpoint),
]
