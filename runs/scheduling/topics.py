"""What people may hear of runs, and who hears it. apps.py registers the topics."""

from collections.abc import Collection

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from datasets.access import managers_of
from notifications.models import Notice
from notifications.preferences.queries import listeners
from notifications.services import Announcement, announce
from notifications.topics import MailChoice, Topic
from runs.models import Run, RunState
from teams.models import Membership, User

FINISHED_MAIL = MailChoice("run-finished", _("When a run of yours has finished"))
FAILED_MAIL = MailChoice("run-failed", _("When a run of yours has failed"))


def visible_runs(user: User, ids: Collection[str]) -> set[str]:
    """Those of the runs with these ids that are still there, in the person's teams."""
    teams = Membership.objects.filter(user=user).values("team")
    return set(Run.objects.filter(pk__in=ids, team__in=teams).values_list("pk", flat=True))


def _topic(name: str, look: Notice.Kind, mail: MailChoice, rank: int) -> Topic:
    key = f"run.{name}"
    return Topic(key, look, mail, link_label=_("Open the run"), event=key, rank=rank, visible=visible_runs)


FINISHED = _topic("finished", Notice.Kind.GOOD, FINISHED_MAIL, 60)
FAILED = _topic("failed", Notice.Kind.BAD, FAILED_MAIL, 15)
TOPICS = (FINISHED, FAILED)


def tell_ended(run: Run) -> None:
    """Call it in the transaction that ends the run. Nobody is told of what a person aborted."""
    if run.state == RunState.ABORTED and not run.limit:
        return
    is_good = run.state == RunState.COMPLETED
    title = gettext("A run of %(dataset)s has finished") if is_good else gettext("A run of %(dataset)s has failed")
    if run.limit:
        title = gettext("A run of %(dataset)s was aborted")
    selected = run.sizes.get("nSelected")
    sentences = [run.message] if run.message else []
    if is_good and selected is not None:
        sentences.insert(0, gettext("It selected %(count)s samples.") % {"count": f"{selected:,}"})
    announce(
        Announcement(
            topic=(FINISHED if is_good else FAILED).key,
            key=f"run-ended:{run.pk}",
            people=_who_hears(run),
            title=title % {"dataset": run.dataset_name},
            sentences=sentences,
            path=path_of(run),
            about=run.dataset_name,
            about_id=run.pk,
            team=run.team,
            payload={
                "run_id": run.pk,
                "state": run.state,
                "dataset_id": run.dataset_key,
                "dataset": run.dataset_name,
                "selected": selected,
                "message": run.message,
            },
        )
    )


def path_of(run: Run) -> str:
    """Of the run's page; empty if this installation has none."""
    try:
        return reverse("runs:run", args=[run.dataset_key, run.pk]) if run.dataset_id else ""
    except NoReverseMatch:
        return ""


def _who_hears(run: Run) -> list[User]:
    """Who asked for it and others of the team who want to hear of everything in it; for a script, the team's admins."""
    people = User.objects.filter(memberships__team=run.team_id, is_active=True, is_service_account=False).distinct()
    answers = Q(pk=run.requested_by_id or "")
    if not people.filter(answers).exists():
        answers = Q(pk__in=managers_of(run.team).values("pk"))
    return listeners(people, concerned=answers)
