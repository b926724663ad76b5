"""The first steps of a person in a team. Whether one is done is read from the facts, never from a click."""

from dataclasses import dataclass, fields

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from datasets.access import datasets_in
from datasources.models import Datasource, DatasourceState, Outcome, PermissionCheck, Purpose
from runs.models import Run, RunState
from teams.models import ApiToken, Invitation, Membership, Team, User


@dataclass(frozen=True)
class Facts:
    """`input`, `lightly`: a datasource for it works. `newest`: the dataset that was changed last; None without any.

    As long as a step is not done in any dataset, it is to be done in the newest.
    """

    newest: str | None
    input: bool
    lightly: bool
    mates: bool
    invited: bool
    run: bool
    client: bool


@dataclass(frozen=True)
class Step:
    """`dataset`: at which the step is done; None if it is done elsewhere."""

    key: str
    title: str
    hint: str
    done: bool
    dataset: str | None = None


@dataclass(frozen=True)
class Checklist:
    steps: list[Step]

    @property
    def current(self) -> Step | None:
        return next((step for step in self.steps if not step.done), None)

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)


def checklist(user: User, team: Team, membership: Membership | None = None) -> Checklist | None:
    """None when there is nothing to show: all is done, or the person put it away in this team.

    `membership`: of the person in the team, where the caller has it at hand.
    """
    membership = membership or Membership.objects.filter(user=user, team=team).first()
    if membership is None or membership.onboarding_dismissed_at:
        return None
    steps = _steps(_facts(user, team), manages=membership.manages)
    return None if all(step.done for step in steps) else Checklist(steps)


def _facts(user: User, team: Team) -> Facts:
    """Of a member. What is green ends at the first one found, so it takes no longer with many datasets."""
    datasets = datasets_in(team)
    green = _green().filter(dataset=OuterRef("pk"))
    return Facts(
        **Team.objects.filter(pk=team.pk)
        .annotate(
            input=Exists(datasets.filter(Exists(green.filter(purpose__in=(Purpose.INPUT, Purpose.INPUT_OUTPUT))))),
            lightly=Exists(datasets.filter(Exists(green.filter(purpose__in=(Purpose.LIGHTLY, Purpose.INPUT_OUTPUT))))),
            newest=Subquery(datasets.order_by("-modified_at").values("pk")[:1]),
            mates=Exists(Membership.objects.filter(team=team, user__is_service_account=False).exclude(user=user)),
            invited=Exists(Invitation.objects.filter(team=team)),
            run=Exists(Run.objects.filter(dataset__in=datasets, state=RunState.COMPLETED)),
            client=Exists(ApiToken.objects.filter(user=user, last_used_at__isnull=False)),
        )
        .values(*(column.name for column in fields(Facts)))
        .get()
    )


def _green() -> QuerySet[Datasource]:
    """Or they were until the check that is open now: a step that was done does not come back for two seconds.

    A path in which no files were found was no step done. It stays open until the new check says otherwise.
    """
    last_green = PermissionCheck.objects.filter(datasource=OuterRef("pk"), outcome=Outcome.GREEN)
    nothing_found = Subquery(last_green.order_by("-queued_at", "-pk").values("no_files")[:1])
    checked_again = Q(state=DatasourceState.CHECKING, known_outcome=Outcome.GREEN, nothing_found=False)
    return Datasource.objects.annotate(nothing_found=nothing_found).filter(
        Q(state=DatasourceState.GREEN) | checked_again
    )


def _steps(facts: Facts, *, manages: bool) -> list[Step]:
    steps = [
        Step(
            "dataset",
            gettext("Create a dataset"),
            gettext("A name for a set of images or videos."),
            facts.newest is not None,
        ),
        Step(
            "input",
            gettext("Connect Input"),
            gettext("Where your raw images or videos are. The bulbs turn green when they can be listed and read."),
            facts.input,
            facts.newest,
        ),
        Step(
            "lightly",
            gettext("Connect Lightly"),
            gettext("Where thumbnails and predictions go. It needs write permission."),
            facts.lightly,
            facts.newest,
        ),
        Step(
            "run",
            gettext("Run a selection"),
            gettext("Choose how many samples you want, and of which kind. A worker finds them in Input."),
            facts.run,
            facts.newest,
        ),
        Step(
            "client",
            gettext("Use it from Python"),
            gettext("Make a token, and list your images with the official client."),
            facts.client,
        ),
    ]
    if manages:
        steps.insert(
            4,
            Step(
                "invite",
                gettext("Invite your team"),
                gettext("They see the same datasets."),
                facts.mates or facts.invited,
            ),
        )
    return steps
