from django.urls import path, re_path

from teams.audit import views as audit_views
from teams.invitations import views as invitation_views
from teams.members import views as team_views
from teams.service_accounts import views as service_account_views
from teams.tokens import views

app_name = "teams"
_team = "teams/(?P<team_id>[a-f0-9]{24})"
_user = "(?P<user_id>[a-f0-9]{24})"
_token = "(?P<token_id>[a-f0-9]{24})"  # noqa: S105 - a part of a URL
_invitation = "invitations/(?P<invitation_id>[a-f0-9]{24})"
_account = f"service-accounts/{_user}"
urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
    path("tokens/", views.tokens, name="tokens"),
    re_path(f"^tokens/{_token}/revoke/$", views.revoke_token, name="revoke_token"),
    path("team/", team_views.my_team, name="mine"),
    path("teams/new/", team_views.create_team, name="create"),
    path("teams/switch/", team_views.switch_team, name="switch"),
    re_path(f"^{_team}/people/$", team_views.people, name="people"),
    re_path(f"^{_team}/people/{_user}/role/$", team_views.change_role, name="change_role"),
    re_path(f"^{_team}/activity/$", audit_views.activity, name="activity"),
    re_path(rf"^{_team}/activity\.csv$", audit_views.export, name="activity_export"),
    re_path(f"^{_team}/settings/$", team_views.team_settings, name="settings"),
    re_path(f"^{_team}/delete/$", team_views.delete_team, name="delete"),
    re_path(f"^{_team}/invite/$", invitation_views.invite, name="invite"),
    re_path(f"^{_team}/{_invitation}/renew/$", invitation_views.renew_invitation, name="renew_invitation"),
    re_path(f"^{_team}/{_invitation}/revoke/$", invitation_views.revoke_invitation, name="revoke_invitation"),
    re_path(f"^{_team}/service-accounts/$", service_account_views.accounts, name="service_accounts"),
    re_path(f"^{_team}/{_account}/tokens/$", service_account_views.new_token, name="new_account_token"),
    re_path(f"^{_team}/{_account}/reset/$", service_account_views.reset_token, name="reset_account_token"),
    re_path(
        f"^{_team}/{_account}/tokens/{_token}/revoke/$",
        service_account_views.revoke_account_token,
        name="revoke_account_token",
    ),
    path("invitation/", invitation_views.invitation, name="invitation"),
    path("invitations/", invitation_views.my_invitations, name="my_invitations"),
    path("join/", invitation_views.join, name="join"),
]
