from django.contrib import admin
from django.urls import include, path, re_path

from datasources import views
from lightly_platform import handbook
from lightly_platform.api import api, unknown_endpoint

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("teams.urls")),
    path("", include("datasets.urls")),
    path("", include("datasources.urls")),
    path("accounts/oidc/", include("teams.single_sign_on")),
    path("accounts/", include("allauth.urls")),
    path("help/", handbook.page, name="help"),
    path("help/<slug:name>/", handbook.page, name="help_page"),
    path("admin/", admin.site.urls),
    path("v1/", api.urls),
    re_path("^v1/", unknown_endpoint),
]
