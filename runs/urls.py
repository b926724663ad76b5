from django.urls import path, re_path

from runs.pages import comparing, lists, new, run, scheduled

app_name = "runs"
_runs = "datasets/(?P<dataset_id>[a-f0-9]{24})/runs"
_waiting = f"{_runs}/waiting/(?P<scheduled_id>[a-f0-9]{{24}})"
_run = f"{_runs}/(?P<run_id>[a-f0-9]{{24}})"
urlpatterns = [
    path("runs/", lists.runs, name="runs"),
    path("runs/list/", lists.run_list, name="list"),
    re_path(rf"^{_runs}/$", lists.dataset_runs, name="dataset"),
    re_path(rf"^{_runs}/list/$", lists.dataset_run_list, name="dataset_list"),
    re_path(rf"^{_runs}/new/$", new.new, name="new"),
    re_path(rf"^{_runs}/new/permissions/$", new.permissions, name="permissions"),
    re_path(rf"^{_runs}/compare/$", comparing.compare, name="compare"),
    re_path(rf"^{_waiting}/$", scheduled.scheduled, name="scheduled"),
    re_path(rf"^{_waiting}/progress/$", scheduled.waiting, name="waiting"),
    re_path(rf"^{_waiting}/cancel/$", scheduled.cancel, name="cancel"),
    re_path(rf"^{_run}/$", run.run, name="run"),
    re_path(rf"^{_run}/progress/$", run.progress, name="progress"),
    re_path(rf"^{_run}/abort/$", run.abort, name="abort"),
    re_path(rf"^{_run}/picks/$", run.picks, name="picks"),
    re_path(rf"^{_run}/artifacts/(?P<artifact_id>[a-f0-9]{{24}})/$", run.artifact, name="artifact"),
]
