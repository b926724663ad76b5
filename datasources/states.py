"""A datasource in one word: what its latest check says, as a question to the database and of a check at hand.

Home, health, overview, CSV, metrics and the admin panel all count and filter by it.
"""

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from datasources.models import OPEN_STATES, CheckState, Outcome, PermissionCheck


class DatasourceState(models.TextChoices):
    """`look` is the state that the style sheets know."""

    GREEN = "green", _("Green")
    RED = "red", _("Red")
    UNKNOWN = "unknown", _("Unknown")
    NO_FILES = "no_files", _("No files found")
    CHECKING = "checking", _("Checking")
    NEVER = "never", _("Never checked")

    @property
    def look(self) -> str:
        return {"green": "granted", "red": "denied", "never": "off", "no_files": "unknown"}.get(self.value, self.value)


NEEDS_ATTENTION = (DatasourceState.RED, DatasourceState.UNKNOWN, DatasourceState.NO_FILES)

# Of a Datasource. Exactly one of them is true of each.
_QUESTIONS = {
    DatasourceState.GREEN: Q(latest_check__outcome=Outcome.GREEN, latest_check__no_files=False),
    DatasourceState.RED: Q(latest_check__outcome=Outcome.RED),
    DatasourceState.UNKNOWN: Q(latest_check__outcome=Outcome.UNKNOWN) | Q(latest_check__state=CheckState.EXPIRED),
    DatasourceState.NO_FILES: Q(latest_check__outcome=Outcome.GREEN, latest_check__no_files=True),
    DatasourceState.CHECKING: Q(latest_check__state__in=OPEN_STATES),
    DatasourceState.NEVER: Q(latest_check=None),
}


def in_state(*states: DatasourceState) -> Q:
    """A filter for a QuerySet[Datasource]: those in any of these states."""
    question = Q()
    for state in states:
        question |= _QUESTIONS[state]
    return question


def state_expression() -> Case:
    """The state of each row of a QuerySet[Datasource], to annotate it with."""
    return Case(
        *(When(question, then=Value(state.value)) for state, question in _QUESTIONS.items()),
        default=Value(DatasourceState.UNKNOWN.value),
        output_field=models.CharField(),
    )


def state_of(check: PermissionCheck | None) -> DatasourceState:
    """The same of a check at hand; None stands for a datasource without one."""
    if check is None:
        return DatasourceState.NEVER
    if check.is_open:
        return DatasourceState.CHECKING
    if check.no_files and check.outcome == Outcome.GREEN:
        return DatasourceState.NO_FILES
    return {Outcome.GREEN.value: DatasourceState.GREEN, Outcome.RED.value: DatasourceState.RED}.get(
        check.outcome, DatasourceState.UNKNOWN
    )
