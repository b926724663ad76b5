from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from teams.members.links import DELETE_SERVICE_ACCOUNT, LEAVE_TEAM, REMOVE_MEMBER


class DatasetsConfig(AppConfig):
    name = "datasets"

    def ready(self) -> None:
        from datasets import pages
        from datasets.handover.services import datasets_of_team
        from teams.members import obstacles

        pages.add_tab(pages.Tab("overview", _("Overview"), "datasets:overview", order=0))
        REMOVE_MEMBER.leads_to("datasets:remove_member")
        LEAVE_TEAM.leads_to("datasets:leave_team")
        obstacles.add_kept(datasets_of_team)
        DELETE_SERVICE_ACCOUNT.leads_to("datasets:delete_service_account")
