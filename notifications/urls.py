from django.urls import path, re_path

from notifications.inbox import views as inbox
from notifications.preferences import views as preferences
from notifications.webhooks import views as webhooks

app_name = "notifications"
_notice = "inbox/(?P<notice_id>[a-f0-9]{24})"
_webhook = "notifications/settings/(?P<team_id>[a-f0-9]{24})/webhook"
urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/bell/", inbox.bell, name="bell"),
    path("inbox/read/", inbox.read_all, name="read_all"),
    re_path(rf"^{_notice}/read/$", inbox.read_notice, name="read_notice"),
    path("notifications/settings/", preferences.notification_settings, name="notification_settings"),
    re_path(rf"^{_webhook}/$", webhooks.save, name="webhook"),
    re_path(rf"^{_webhook}/secret/$", webhooks.renew_secret, name="webhook_secret"),
    re_path(rf"^{_webhook}/test/$", webhooks.send_test, name="webhook_test"),
    re_path(rf"^{_webhook}/delete/$", webhooks.delete, name="webhook_delete"),
    re_path(rf"^{_webhook}/deliveries/$", webhooks.deliveries, name="deliveries"),
]
