from django.urls import re_path

from datasources import views

app_name = "datasources"
_dataset = "datasets/(?P<dataset_id>[a-f0-9]{24})"
_tab = "(?P<tab>input|lightly)"
urlpatterns = [
    re_path(rf"^{_dataset}/row/$", views.row, name="row"),
    re_path(rf"^{_dataset}/settings/{_tab}/$", views.settings, name="settings"),
    re_path(rf"^{_dataset}/settings/{_tab}/check/$", views.check_again, name="check_again"),
    re_path(rf"^{_dataset}/settings/{_tab}/permissions/$", views.permissions, name="permissions"),
    re_path(rf"^{_dataset}/settings/dataset/$", views.dataset_tab, name="dataset"),
    re_path(rf"^{_dataset}/settings/history/$", views.history, name="history"),
]
