from django.apps import AppConfig
from django.urls import ResolverMatch
from django.utils.translation import gettext_lazy as _

from core import rotation
from core.web.navigation import ACCOUNT, API_TABS, SIDEBAR, Entry, on_pages


class TeamsConfig(AppConfig):
    name = "teams"
    verbose_name = "Teams and people"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator

        from teams.sign_in.second_factors import columns_under_newest_key

        rotation.register(rotation.SealedTable("Second factors", Authenticator.objects.all, columns_under_newest_key))
        from allauth.account.signals import password_reset  # models are there only now

        from teams.sign_in import recording
        from teams.sign_in.proof import password_was_reset

        recording.connect()

        password_reset.connect(password_was_reset, dispatch_uid="teams.password_was_reset")
        SIDEBAR.add(
            Entry(
                key="team",
                label=_("Team"),
                url_name="teams:mine",
                order=40,
                icon="team",
                shortcut="g t",
                is_current=_is_about_a_team,
            )
        )
        ACCOUNT.add(
            Entry(key="security", label=_("Sign-in and security"), url_name="mfa_index", order=20, icon="lock"),
        )
        API_TABS.add(
            Entry(
                key="tokens",
                label=_("Tokens"),
                url_name="teams:tokens",
                order=10,
                is_current=on_pages("teams:tokens", "teams:revoke_token"),
            )
        )


def _is_about_a_team(match: ResolverMatch) -> bool:
    """Rooms above have pages of a team too, such as its webhook."""
    return match.view_name == "teams:mine" or "team_id" in match.kwargs
