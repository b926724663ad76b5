from django.urls import path, re_path

from notifications import inbox_views, preference_views

app_name = "notifications"
_notice = "inbox/(?P<notice_id>[a-f0-9]{24})"
_team = "notifications/settings/(?P<team_id>[a-f0-9]{24})"
urlpatterns = [
    path("inbox/", inbox_views.inbox, name="inbox"),
    path("inbox/bell/", inbox_views.bell, name="bell"),
    path("inbox/read/", inbox_views.read_all, name="read_all"),
    re_path(rf"^{_notice}/read/$", inbox_views.read_notice, name="read_notice"),
    path("notifications/settings/", preference_views.notification_settings, name="notification_settings"),
    re_path(rf"^{_team}/webhook/$", preference_views.webhook, name="webhook"),
    re_path(rf"^{_team}/webhook/secret/$", preference_views.webhook_secret, name="webhook_secret"),
    re_path(rf"^{_team}/webhook/test/$", preference_views.webhook_test, name="webhook_test"),
    re_path(rf"^{_team}/webhook/delete/$", preference_views.webhook_delete, name="webhook_delete"),
    re_path(rf"^{_team}/webhook/deliveries/$", preference_views.deliveries, name="deliveries"),
]
