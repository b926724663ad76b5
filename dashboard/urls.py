from django.urls import path, re_path

from dashboard import onboarding_views, views
from dashboard.api_page import api_page
from dashboard.palette import palette

app_name = "dashboard"
urlpatterns = [
    path("api/", api_page, name="api_page"),
    path("palette/", palette, name="palette"),
    path("first-steps/", onboarding_views.first_steps, name="first_steps"),
    path("first-steps/away/", onboarding_views.dismiss_first_steps, name="dismiss_first_steps"),
    path("datasets/rows/", views.open_rows, name="open_rows"),
    path("datasets/check-shown/", views.check_shown, name="check_shown"),
    path("datasets/sample/", onboarding_views.sample_data, name="sample_data"),
    re_path("^datasets/(?P<dataset_id>[a-f0-9]{24})/row/$", views.row, name="row"),
]
