from django.urls import path, re_path

from jobs import views

app_name = "jobs"
_job = "jobs/(?P<job_id>[a-f0-9]{24})"
urlpatterns = [
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/list/", views.job_list, name="list"),
    re_path(f"^{_job}/$", views.job, name="job"),
    re_path(f"^{_job}/progress/$", views.progress, name="progress"),
    re_path(f"^{_job}/cancel/$", views.cancel, name="cancel"),
]
