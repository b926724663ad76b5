"""Which other datasources use the same credential. Only those that the person may see are found."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from clouds import CloudConfig
from datasets.access import datasets_for
from datasources.models import Datasource, credential_digests
from teams.models import User

MOST_NAMED = 20


@dataclass(frozen=True)
class Sharing:
    """Datasources with the same credential as one, by what the person may do with them. Sorted by name."""

    changeable: list[Datasource] = field(default_factory=list)
    visible: list[Datasource] = field(default_factory=list)  # the person may look at them, and not change them

    @property
    def all(self) -> list[Datasource]:
        return [*self.changeable, *self.visible]

    @property
    def all_names(self) -> str:
        return named(self.all)

    @property
    def changeable_names(self) -> str:
        return named(self.changeable)

    @property
    def visible_names(self) -> str:
        return named(self.visible)


def named(datasources: Sequence[Datasource]) -> str:
    """Dataset and purpose of each, of the first MOST_NAMED."""
    shown = [f"{each.dataset.name} ({each.get_purpose_display()})" for each in datasources[:MOST_NAMED]]
    more = len(datasources) - len(shown)
    names = ", ".join(shown)
    return gettext("%(names)s and %(more)s more") % {"names": names, "more": more} if more else names


def sharing(config: CloudConfig, *, person: User, apart_from: Datasource | None = None) -> Sharing:
    """Two queries."""
    same = Datasource.objects.filter(provider=config.type, credential_digest__in=credential_digests(config))
    same = same.exclude(pk=apart_from.pk) if apart_from else same
    seen = datasets_for(person).filter(pk__in=same.values("dataset")).select_related("team")
    datasets = {dataset.pk: dataset for dataset in seen}
    found = Sharing()
    for datasource in same.filter(dataset__in=list(datasets)).defer("sealed_config"):
        datasource.dataset = datasets[datasource.dataset_id]  # which knows what the person may do
        (found.changeable if datasource.dataset.may_edit else found.visible).append(datasource)
    for some in (found.changeable, found.visible):
        some.sort(key=lambda datasource: (datasource.dataset.name.lower(), datasource.purpose, datasource.pk))
    return found
