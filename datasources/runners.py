"""Jobs about datasources: to check all of them again."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.queues import Queue
from datasources import services
from datasources.models import Datasource, Outcome, Trigger
from jobs.models import Job
from jobs.runners import Cursor, Runner, Slice, Step, register
from jobs.services import start
from teams.models import Team, User

# As few as the schedule has under way at a cloud: see pacing.py.
AT_ONCE = 4


@register
class CheckAll(Runner):
    """`arguments["teams"]`: ids of the teams whose datasources are checked; None: of all there are.

    The cursor: the id of the last datasource that was checked, and how many came out how.
    """

    kind = "datasources.check_all"
    label = _("Check all datasources")
    queue = Queue.PATIENT

    @property
    def slice_seconds(self) -> float:
        # The checks themselves, and then those that somebody else had begun a moment before.
        return float(2 * settings.LIGHTLY_CHECK_DEADLINE_SECONDS + 5)

    def run(self, this: Slice) -> Step:
        job = this.job
        rows = _datasources(job.arguments["teams"]).filter(created_at__lte=job.created_at)
        ids = list(rows.filter(pk__gt=this.cursor.get("after", "")).values_list("pk", flat=True)[:AT_ONCE])
        checks = services.check_now(datasource_ids=ids, by=job.requested_by, trigger=Trigger.PERSON)
        counts = Counter({outcome: this.cursor.get(outcome, 0) for outcome in Outcome.values})
        counts.update(check.outcome or Outcome.UNKNOWN for check in checks)
        is_last = len(ids) < AT_ONCE
        return Step(
            cursor={**counts, "after": ids[-1] if ids else this.cursor.get("after", "")},
            is_last=is_last,
            done=len(ids),
            total=job.done + len(ids) if is_last else None,  # some may have been deleted meanwhile
            message=_words(counts),
        )

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return None if job.done else gettext("There is no datasource.")


def start_check_all(*, teams: Sequence[Team] | None, by: User) -> tuple[Job, bool]:
    """Check the datasources of these teams again, or all there are. False: such a job is under way already."""
    ids = None if teams is None else sorted(team.pk for team in teams)
    if teams is None:
        title, subject = gettext("All teams"), "all"
    elif len(teams) == 1:
        title, subject = teams[0].name, teams[0].pk
    else:
        title = ngettext("%(count)s team", "%(count)s teams", len(teams)) % {"count": len(teams)}
        subject = hashlib.sha256(",".join(ids or []).encode()).hexdigest()
    return start(
        CheckAll.kind,
        title=title,
        subject=subject,
        team=teams[0] if teams is not None and len(teams) == 1 else None,
        by=by,
        arguments={"teams": ids},
        total=_datasources(ids).count(),
        teams=teams or (),
    )


def _datasources(teams: list[str] | None) -> Any:
    rows = Datasource.objects.order_by("pk")
    return rows if teams is None else rows.filter(dataset__team__in=teams)


def _words(counts: Counter[str]) -> str:
    return gettext("%(green)s green, %(red)s red, %(unknown)s unknown") % {
        "green": counts[Outcome.GREEN],
        "red": counts[Outcome.RED],
        "unknown": counts[Outcome.UNKNOWN],
    }
