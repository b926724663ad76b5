"""A new credential for all datasources that had the old one, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction
from django.utils.translation import gettext

from clouds import PROVIDERS, CloudConfig
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import Datasource, PermissionCheck, Purpose, credential_digests
from datasources.shared_credentials.queries import Sharing, named, sharing
from datasources.validation import InvalidSettingsError, checked_config
from teams import audit
from teams.models import AuditAction, Team, User

# At once. Somebody waits for the answer, and the rest still has the old credential, so that a next time finds it.
MOST_REPLACED = 200


@dataclass(frozen=True)
class Replaced:
    """What became of the other datasources with the old credential. `left`: with one sentence why."""

    changed: list[Datasource] = field(default_factory=list)
    left: list[tuple[Datasource, str]] = field(default_factory=list)


def is_another(new: CloudConfig, old: CloudConfig) -> bool:
    """Whether it is a new credential of the same kind, so that it can stand in for the old one."""
    return new.type == old.type and credential_digests(new)[0] != credential_digests(old)[0]


@transaction.atomic
def save_everywhere(
    *, dataset: Dataset, purpose: Purpose, old: CloudConfig, new: CloudConfig, thumb_suffix: str, by: User
) -> tuple[PermissionCheck, Replaced]:
    """Save one datasource as `new`, and give its credential to all others that have the one of `old`.

    Each gets a revision and a check of its own, as when it is saved alone. Those the person may not change, and those
    that can't have this credential, are left as they are. `new` must have been entered now: a secret that is stored is
    never given to another datasource.
    """
    own = dataset.datasources.filter(purpose=purpose).first()
    datasets = {dataset.pk, *(each.dataset_id for each in sharing(old, person=by, apart_from=own).changeable)}
    # All at first, in one order, so that two who do this at the same moment wait for each other and don't lock up.
    list(Dataset.objects.select_for_update().filter(pk__in=datasets).order_by("pk").values_list("pk"))
    found = sharing(old, person=by, apart_from=own)  # as it is now that nobody else can save them
    check = services.store(dataset=dataset, purpose=purpose, config=new, thumb_suffix=thumb_suffix, by=by)
    checks, replaced = [check.pk], _left(found)
    for datasource in _in_turn(found, datasets):
        try:
            config = _with_credential(datasource, new)
        except InvalidSettingsError as error:
            replaced.left.append((datasource, " ".join(error.problems.values())))
            continue
        saved = services.store(
            dataset=datasource.dataset,
            purpose=Purpose(datasource.purpose),
            config=config,
            thumb_suffix=datasource.thumbnail_suffix,
            by=by,
        )
        checks.append(saved.pk)
        replaced.changed.append(datasource)
    transaction.on_commit(partial(tasks.dispatch_all, checks))
    if replaced.changed:
        _record([check.datasource, *replaced.changed], by)
    return check, replaced


def _record(changed: Sequence[Datasource], by: User) -> None:
    """Each team reads in its activity which of its own datasources were changed."""
    by_team: dict[str, list[Datasource]] = {}
    for datasource in changed:
        by_team.setdefault(datasource.dataset.team_id, []).append(datasource)
    teams = Team.objects.in_bulk(by_team)
    for team_id, of_team in by_team.items():
        count = len(of_team)
        kind = PROVIDERS[of_team[0].provider].label
        target = f"{count} {'datasource' if count == 1 else 'datasources'} ({kind}): {named(of_team)}"
        audit.record(team=teams[team_id], actor=by, action=AuditAction.CREDENTIALS_REPLACED, target=target)


def _left(found: Sharing) -> Replaced:
    not_yours = gettext("You may not change this dataset.")
    too_many = gettext("These were too many at once. Do the same there.")
    left = [(datasource, too_many) for datasource in found.changeable[MOST_REPLACED:]]
    return Replaced(left=left + [(datasource, not_yours) for datasource in found.visible])


def _in_turn(found: Sharing, locked: set[str]) -> list[Datasource]:
    """Those whose datasets are locked. One that came in between still has the old credential, and is found again."""
    return [datasource for datasource in found.changeable[:MOST_REPLACED] if datasource.dataset_id in locked]


def _with_credential(datasource: Datasource, new: CloudConfig) -> CloudConfig:
    """Its own settings with the new credential, under the rules for what people enter. Raises InvalidSettingsError."""
    stored = datasource.readable_config()
    if stored is None or not isinstance(stored, type(new)):
        raise InvalidSettingsError({"path": gettext("Its settings can't be read. Enter them again there.")})
    values = {name: value for name in stored.fields() if (value := getattr(stored, name)) is not None}
    values |= {name: getattr(new, name) for name in new.credential_fields()}
    return checked_config(type(new), values, team=datasource.dataset.team)
