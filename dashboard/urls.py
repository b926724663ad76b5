from django.urls import path, re_path

from dashboard import onboarding_views, views
from dashboard.api_page import api_page

app_name = "dashboard"
urlpatterns = [
    path("api/", api_page, name="api_page"),
    path("first-steps/", onboarding_views.first_steps, name="first_steps"),
    path("first-steps/away/", onboarding_views.put_first_steps_away, name="put_first_steps_away"),
    path("datasets/sample/", onboarding_views.sample_data, name="sample_data"),
    re_path("^datasets/(?P<dataset_id>[a-f0-9]{24})/row/$", views.row, name="row"),
]
