from django.urls import re_path

from datasources.checks.views import interval
from datasources.grant_links import pages as grant_pages
from datasources.grant_links import views as grant_links
from datasources.live_fix.views import wait
from datasources.settings import overview, views
from datasources.settings.wizard import wizard

app_name = "datasources"
_dataset = "datasets/(?P<dataset_id>[a-f0-9]{24})"
_tab = "(?P<tab>input|lightly)"
_team = "notifications/settings/(?P<team_id>[a-f0-9]{24})"
urlpatterns = [
    re_path(rf"^{_dataset}/datasources/$", overview.overview, name="overview"),
    re_path(rf"^{_dataset}/connect/{_tab}/$", wizard, name="wizard"),
    re_path(rf"^{_dataset}/settings/{_tab}/$", views.settings, name="settings"),
    re_path(rf"^{_dataset}/settings/{_tab}/check/$", views.check_again, name="check_again"),
    re_path(rf"^{_dataset}/settings/{_tab}/permissions/$", views.permissions, name="permissions"),
    re_path(rf"^{_dataset}/settings/{_tab}/wait/$", wait, name="wait"),
    re_path(rf"^{_dataset}/settings/{_tab}/access/$", views.access, name="access"),
    re_path(rf"^{_dataset}/settings/{_tab}/cors/$", views.cors, name="cors"),
    re_path(rf"^{_dataset}/settings/{_tab}/admin-links/$", grant_links.links, name="grant_links"),
    re_path(
        rf"^{_dataset}/settings/{_tab}/admin-links/(?P<link_id>[a-f0-9]{{24}})/revoke/$",
        grant_links.revoke,
        name="revoke_grant_link",
    ),
    re_path(rf"^{_dataset}/settings/dataset/$", views.dataset_tab, name="dataset"),
    re_path(rf"^{_dataset}/settings/history/$", views.history, name="history"),
    re_path(r"^grant/$", grant_pages.grant, name="grant_link"),
    re_path(r"^grant/bulbs/$", grant_pages.bulbs, name="grant_link_bulbs"),
    re_path(r"^grant/check/$", grant_pages.check_again, name="grant_link_check"),
    re_path(rf"^{_team}/interval/$", interval, name="interval"),
]
