from django.urls import path

from monitoring import probes, views

app_name = "monitoring"
urlpatterns = [
    path("health/", views.health, name="health"),
    path("health/print/", views.health_print, name="health_print"),
    path("health/tiles/", views.summary, name="health_summary"),
    path("health/check-all/", views.check_all, name="check_all"),
    path("health/datasources.csv", views.export, name="health_export"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]
