from django.urls import path, re_path

from datasources import health_views, inbox_views, notification_views, onboarding_views, views
from datasources.api_page import api_page
from datasources.wizard import wizard

app_name = "datasources"
_dataset = "datasets/(?P<dataset_id>[a-f0-9]{24})"
_notice = "inbox/(?P<notice_id>[a-f0-9]{24})"
_team = "notifications/settings/(?P<team_id>[a-f0-9]{24})"
_tab = "(?P<tab>input|lightly)"
urlpatterns = [
    path("health/", health_views.health, name="health"),
    path("health/tiles/", health_views.tiles, name="health_tiles"),
    path("health/datasources.csv", health_views.export, name="health_export"),
    path("healthz", health_views.healthz, name="healthz"),
    path("metrics", health_views.metrics, name="metrics"),
    path("api/", api_page, name="api_page"),
    path("first-steps/", onboarding_views.first_steps, name="first_steps"),
    path("first-steps/away/", onboarding_views.put_first_steps_away, name="put_first_steps_away"),
    path("datasets/sample/", onboarding_views.sample_data, name="sample_data"),
    re_path(rf"^{_dataset}/connect/{_tab}/$", wizard, name="wizard"),
    re_path(rf"^{_dataset}/row/$", views.row, name="row"),
    re_path(rf"^{_dataset}/settings/{_tab}/$", views.settings, name="settings"),
    re_path(rf"^{_dataset}/settings/{_tab}/check/$", views.check_again, name="check_again"),
    re_path(rf"^{_dataset}/settings/{_tab}/permissions/$", views.permissions, name="permissions"),
    re_path(rf"^{_dataset}/settings/{_tab}/access/$", views.access, name="access"),
    re_path(rf"^{_dataset}/settings/{_tab}/cors/$", views.cors, name="cors"),
    re_path(rf"^{_dataset}/settings/dataset/$", views.dataset_tab, name="dataset"),
    re_path(rf"^{_dataset}/settings/history/$", views.history, name="history"),
    path("inbox/", inbox_views.inbox, name="inbox"),
    path("inbox/bell/", inbox_views.bell, name="bell"),
    path("inbox/read/", inbox_views.read_all, name="read_all"),
    re_path(rf"^{_notice}/read/$", inbox_views.read_notice, name="read_notice"),
    path("notifications/settings/", notification_views.notification_settings, name="notification_settings"),
    re_path(rf"^{_team}/interval/$", notification_views.interval, name="interval"),
    re_path(rf"^{_team}/webhook/$", notification_views.webhook, name="webhook"),
    re_path(rf"^{_team}/webhook/secret/$", notification_views.webhook_secret, name="webhook_secret"),
    re_path(rf"^{_team}/webhook/test/$", notification_views.webhook_test, name="webhook_test"),
    re_path(rf"^{_team}/webhook/delete/$", notification_views.webhook_delete, name="webhook_delete"),
    re_path(rf"^{_team}/webhook/deliveries/$", notification_views.deliveries, name="deliveries"),
]
