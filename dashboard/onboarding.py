"""The first steps of a person in a team. Whether one is done is read from the facts, never from a click."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from datasets.access import datasets_in
from datasets.models import Dataset
from datasources.models import Datasource, Outcome, PermissionCheck, Purpose
from datasources.states import DatasourceState, in_state
from teams.models import ApiToken, Invitation, Membership, Team, User


@dataclass(frozen=True)
class Facts:
    dataset: bool
    input: bool
    lightly: bool
    mates: bool
    invited: bool
    client: bool
    # Datasets in which the next step is still to be done; None if there is none.
    without_input: str | None
    without_lightly: str | None


@dataclass(frozen=True)
class Step:
    """`dataset`: in whose settings the step is done; None if it is done elsewhere."""

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


def checklist(user: User, team: Team) -> Checklist | None:
    """None when there is nothing to show: all is done, or the person put it away in this team."""
    membership = Membership.objects.filter(user=user, team=team).first()
    if membership is None or membership.onboarding_dismissed_at:
        return None
    steps = _steps(_facts(user, team), manages=membership.manages)
    return None if all(step.done for step in steps) else Checklist(steps)


def _facts(user: User, team: Team) -> Facts:
    """Of a member. In one query."""
    datasets = datasets_in(team)
    found = (
        Team.objects.filter(pk=team.pk)
        .annotate(
            dataset=Exists(datasets),
            input=Exists(datasets.filter(_green(Purpose.INPUT))),
            lightly=Exists(datasets.filter(_green(Purpose.LIGHTLY))),
            mates=Exists(Membership.objects.filter(team=team, user__is_service_account=False).exclude(user=user)),
            invited=Exists(Invitation.objects.filter(team=team)),
            client=Exists(ApiToken.objects.filter(user=user, last_used_at__isnull=False)),
            without_input=_first(datasets.exclude(_green(Purpose.INPUT))),
            without_lightly=_first(datasets.exclude(_green(Purpose.LIGHTLY))),
        )
        .values(*Facts.__dataclass_fields__)
        .get()
    )
    return Facts(**found)


def _green(purpose: Purpose) -> Q:
    """Or it was until the check that is open now: a step that was done does not come back for two seconds.

    A path in which no files were found was no step done. It stays open until the new check says otherwise.
    """
    last_green = PermissionCheck.objects.filter(datasource=OuterRef("pk"), outcome=Outcome.GREEN)
    nothing_found = Subquery(last_green.order_by("-queued_at", "-pk").values("no_files")[:1])
    checked_again = in_state(DatasourceState.CHECKING) & Q(known_outcome=Outcome.GREEN, nothing_found=False)
    green = Datasource.objects.annotate(nothing_found=nothing_found).filter(
        in_state(DatasourceState.GREEN) | checked_again,
        dataset=OuterRef("pk"),
        purpose__in=(purpose, Purpose.INPUT_OUTPUT),
    )
    return Q(Exists(green))


def _first(datasets: QuerySet[Dataset]) -> Subquery:
    return Subquery(datasets.order_by("-modified_at").values("pk")[:1])


def _steps(facts: Facts, *, manages: bool) -> list[Step]:
    steps = [
        Step(
            "dataset",
            gettext("Create a dataset"),
            gettext("A name for a set of images or videos."),
            facts.dataset,
        ),
        Step(
            "input",
            gettext("Connect Input"),
            gettext("Where your raw images or videos are. The bulbs turn green when they can be listed and read."),
            facts.input,
            facts.without_input,
        ),
        Step(
            "lightly",
            gettext("Connect Lightly"),
            gettext("Where thumbnails and predictions go. It needs write permission."),
            facts.lightly,
            facts.without_lightly,
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
            3,
            Step(
                "invite",
                gettext("Invite your team"),
                gettext("They see the same datasets."),
                facts.mates or facts.invited,
            ),
        )
    return steps
