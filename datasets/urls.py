from django.urls import path, re_path

from datasets import views
from datasets.handover import views as member_views
from datasets.sharing import views as sharing_views

app_name = "datasets"
_dataset = "datasets/(?P<dataset_id>[a-f0-9]{24})"
_team = "teams/(?P<team_id>[a-f0-9]{24})"
_user = "(?P<user_id>[a-f0-9]{24})"
urlpatterns = [
    path("datasets/new/", views.create, name="create"),
    re_path(f"^{_dataset}/$", views.overview, name="overview"),
    re_path(f"^{_dataset}/sharing/$", sharing_views.sharing, name="sharing"),
    re_path(f"^{_dataset}/sharing/stop/$", sharing_views.stop_sharing, name="stop_sharing"),
    re_path(f"^{_dataset}/sharing/invite/$", sharing_views.invite_guest, name="invite_guest"),
    re_path(f"^{_team}/people/{_user}/remove/$", member_views.remove_member, name="remove_member"),
    re_path(f"^{_team}/leave/$", member_views.leave_team, name="leave_team"),
    re_path(
        f"^{_team}/service-accounts/{_user}/delete/$",
        member_views.delete_service_account,
        name="delete_service_account",
    ),
]
