"""What people may hear of datasources. apps.py registers these topics."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from datasets.access import datasets_of_teams
from datasources.models import Datasource
from datasources.transitions import AlertKind
from notifications.models import Notice
from notifications.topics import MailChoice, Topic
from teams.models import User

BROKEN = MailChoice("broken", _("When a bulb turns red"))
RECOVERED = MailChoice("recovered", _("When it is green again"))
EXPIRING = MailChoice("expiring", _("Before a credential expires"))


def visible_datasources(user: User, ids: Collection[str]) -> set[str]:
    """Those of the datasources with these ids that are still there, in the person's teams."""
    found = Datasource.objects.filter(pk__in=ids, dataset__in=datasets_of_teams(user))
    return set(found.values_list("pk", flat=True))


def _topic(name: str, look: Notice.Kind, mail: MailChoice, rank: int) -> Topic:
    key = f"datasource.{name}"
    label = _("Open the settings")
    return Topic(key, look, mail, link_label=label, event=key, rank=rank, visible=visible_datasources)


TOPICS = {
    AlertKind.BROKEN: _topic("broken", Notice.Kind.BAD, BROKEN, 10),
    AlertKind.RECOVERED: _topic("recovered", Notice.Kind.GOOD, RECOVERED, 20),
    AlertKind.UNCHECKABLE: _topic("uncheckable", Notice.Kind.BAD, BROKEN, 30),
    AlertKind.EXPIRING: _topic("expiring", Notice.Kind.SOON, EXPIRING, 40),
}
