from django.contrib import admin
from django.urls import include, path

from datasources import views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("teams.urls")),
    path("", include("datasets.urls")),
    path("", include("datasources.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
