"""What the pages show of a datasource: its bulbs, and the sentences beside them."""

import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from clouds import PROVIDERS
from clouds.doctor.asides import MOST_SECONDS
from clouds.permissions import Permission, State
from clouds.policies import Snippet
from datasources.checks.expiry import End, end_of, key_age_words
from datasources.checks.turns import is_in_turn
from datasources.grants import grantable, missing_grant
from datasources.models import CheckState, Datasource, PermissionCheck, Purpose
from datasources.schemas import StoredCors, StoredVerdict

# A check that is queued for longer waits for a worker that does not answer.
NO_WORKER_AFTER = timedelta(seconds=10)

# The CORS note is stored at most this long after the verdicts.
NOTED_WITHIN = timedelta(seconds=MOST_SECONDS + 3)

NOT_REACHED = gettext_noop(
    "The task queue can't be reached, so the check has not started. Everything is saved; "
    "the check starts by itself once the queue is back."
)
NO_WORKER = gettext_noop(
    "No worker is answering. The check starts by itself as soon as one does; "
    "ask the operator of this installation whether its workers run."
)
OTHERS_FIRST = gettext_noop(
    "Other checks of the same team, person or storage are under way. This one starts by itself when they end."
)
GIVEN_UP = gettext_noop("This check was given up: the workers that tried it did not finish. Check again.")

STATE_WORDS = {
    State.GRANTED: gettext_noop("granted"),
    State.DENIED: gettext_noop("denied"),
    State.UNKNOWN: gettext_noop("unknown"),
    State.SKIPPED: "denied",
}


@dataclass(frozen=True)
class Bulb:
    """One permission. `state` is its look: granted, denied, unknown, checking or off."""

    permission: str
    state: str
    word: str
    summary: str
    verdict: StoredVerdict | None = None
    field_title: str = ""  # of the form's field at fault
    same_as: str = ""  # the permission of an earlier bulb that has the same reason


@dataclass(frozen=True)
class Mark:
    """What the last check found wrong with one field of the form. `words` is empty where nothing is wrong."""

    id: str
    words: str


@dataclass(frozen=True)
class DatasourceStatus:
    """One datasource, configured or not, as the home page, the overview and the settings show it."""

    purpose: Purpose
    datasource: Datasource | None
    check: PermissionCheck | None
    bulbs: list[Bulb]
    warning: str = ""

    @property
    def tab(self) -> str:
        """The tab of the settings that edits it."""
        return "lightly" if self.purpose is Purpose.LIGHTLY else "input"

    @property
    def provider(self) -> str:
        return PROVIDERS[self.datasource.provider].short if self.datasource else ""

    @property
    def provider_mark(self) -> str:
        """The name of its drawing in templates/_icon.html."""
        return PROVIDERS[self.datasource.provider].mark if self.datasource else ""

    @property
    def help_anchor(self) -> str:
        """This cloud's place on the help pages about fields and diagnoses."""
        return PROVIDERS[self.datasource.provider].help_anchor if self.datasource else ""

    @property
    def is_open(self) -> bool:
        return bool(self.check and self.check.is_open)

    @property
    def end(self) -> End | None:
        """When the credential ends, as far as that is known."""
        return end_of(self.datasource) if self.datasource else None

    @property
    def credential_words(self) -> str:
        """How old the key is, or how long such credentials last; besides the date on which this one ends."""
        if self.datasource is None:
            return ""
        made = (self.check.cors.get("key_made_at") if self.check else "") or ""
        if made:
            return key_age_words(datetime.fromisoformat(made), ends=self.datasource.expires_at is not None)
        return PROVIDERS[self.datasource.provider].words.lifetime_note

    @property
    def cors(self) -> StoredCors | None:
        return self.check.cors or None if self.check else None

    @property
    def cors_is_coming(self) -> bool:
        """Whether the note may still be stored: it follows a little after the verdicts."""
        if self.check is None or self.check.cors or self.check.state != CheckState.DONE:
            return False
        return bool(self.check.finished_at and timezone.now() - self.check.finished_at < NOTED_WITHIN)

    @property
    def granted(self) -> int:
        return sum(bulb.state == "granted" for bulb in self.bulbs)

    @property
    def stamp(self) -> str:
        """Differs when what the bulbs say does, and not for a check that found the same again."""
        told = [(bulb.state, bulb.verdict["likely_cause"] if bulb.verdict else "") for bulb in self.bulbs]
        revision = self.datasource.revision if self.datasource else 0
        return hashlib.sha256(repr((revision, told, self.warning, self.empty)).encode()).hexdigest()[:16]

    @property
    def dot(self) -> str:
        """The look of all bulbs together, and of a path in which nothing lies."""
        states = {bulb.state for bulb in self.bulbs} | ({"unknown"} if self.no_files else set())
        return next(state for state in ("checking", "denied", "unknown", "off", "granted") if state in states)

    @property
    def verdict_words(self) -> str:
        """All bulbs in one sentence, for screen readers."""
        return f"{self.purpose.label}: {', '.join(f'{bulb.permission} {bulb.word}' for bulb in self.bulbs)}."

    @property
    def dot_words(self) -> str:
        words = {
            "checking": "checking",
            "denied": gettext("something is denied"),
            "unknown": gettext("something is unknown"),
        }
        if self.no_files and self.granted == len(self.bulbs):
            return gettext("no files found")
        return words.get(self.dot, gettext("all granted") if self.dot == "granted" else gettext("not configured"))

    @property
    def poll_after(self) -> str:
        """How long the page waits before it asks again: short at first, long for a check that no worker takes."""
        age = timezone.now() - self.check.queued_at if self.check else timedelta()
        if age < timedelta(seconds=2):
            return "250ms"  # most checks are done by then
        if age < timedelta(seconds=20):
            return "700ms"
        return "2s" if age < timedelta(minutes=2) else "5s"

    @property
    def verdicts(self) -> dict[str, StoredVerdict]:
        return self.check.verdicts if self.check and self.check.state == CheckState.DONE else {}

    @functools.cached_property
    def grant(self) -> list[Snippet]:
        """What to grant so that all red bulbs turn green."""
        if self.datasource is None:
            return []
        dataset = self.datasource.dataset
        return missing_grant(self.verdicts, self.purpose, dataset.team, for_guest=dataset.hides_from_guest)

    @property
    def grant_covers(self) -> list[str]:
        return [name.capitalize() for name in grantable(self.verdicts)] if self.grant else []

    @property
    def marks(self) -> list[Mark]:
        """One for each field of the stored provider."""
        if self.datasource is None:
            return []
        names = self.datasource.provider_class.fields()
        return [Mark(mark_id(self.datasource.provider, name), self._faults(name)) for name in names]

    def _faults(self, name: str) -> str:
        """What is wrong with the field, once for all permissions that fail for the same reason."""
        found: dict[str, list[str]] = {}
        for permission, verdict in self.verdicts.items():
            if verdict.get("field") == name:
                found.setdefault(verdict["summary"], []).append(permission.capitalize())
        faults = [
            gettext("Last check: %(summary)s (%(list)s).") % {"summary": summary, "list": ", ".join(bulbs)}
            for summary, bulbs in found.items()
        ]
        if name == "path" and self.empty and self.check and self.check.found_a_file:
            faults.append(
                gettext("Last check: this is a file. Enter its directory: %(path)s") % {"path": self.check.similar[0]}
            )
        elif name == "path" and self.empty and self.check and self.check.similar:
            faults.append(
                gettext("Last check: no files found. Did you mean %(list)s?")
                % {"list": " or ".join(self.check.similar)}
            )
        return " ".join(faults)

    @property
    def finished_at(self) -> datetime | None:
        return self.check.finished_at if self.check else None

    @property
    def empty(self) -> bool:
        return bool(self.check and self.check.state == CheckState.DONE and self.check.empty)

    @property
    def no_files(self) -> bool:
        """Whether the path is probably wrong: raw data was looked for, and nothing lies there nor ever did."""
        return self.empty and bool(self.check and self.check.no_files)


def status_of(purpose: Purpose, datasource: Datasource | None) -> DatasourceStatus:
    check = datasource.latest_check if datasource else None
    permissions = [permission for permission in Permission if permission in purpose.needs]
    bulbs = _compared([_bulb(permission, check, configured=datasource is not None) for permission in permissions])
    return DatasourceStatus(purpose, datasource, check, bulbs, warning_of(check))


def statuses_of(datasources: Iterable[Datasource]) -> list[DatasourceStatus]:
    """Of a dataset's datasources: Input and Lightly, whether or not they are configured, or the one that is both."""
    by_purpose = {datasource.purpose: datasource for datasource in datasources}
    if Purpose.INPUT_OUTPUT in by_purpose:
        return [status_of(Purpose.INPUT_OUTPUT, by_purpose[Purpose.INPUT_OUTPUT])]
    return [status_of(purpose, by_purpose.get(purpose)) for purpose in (Purpose.INPUT, Purpose.LIGHTLY)]


def _compared(bulbs: list[Bulb]) -> list[Bulb]:
    """The bulbs with `same_as` filled in, so that one reason need not be read four times."""
    first: dict[tuple[str, str], str] = {}
    compared = []
    for bulb in bulbs:
        if bulb.verdict and bulb.verdict["likely_cause"]:
            reason = bulb.verdict["summary"], bulb.verdict["likely_cause"]
            earlier = first.setdefault(reason, bulb.permission)
            bulb = replace(bulb, same_as=earlier if earlier != bulb.permission else "")
        compared.append(bulb)
    return compared


def check_bulbs(check: PermissionCheck) -> list[Bulb]:
    """The bulbs of one check in the history."""
    needs = Purpose(check.datasource.purpose).needs
    return [_bulb(permission, check, configured=True) for permission in Permission if permission in needs]


def _bulb(permission: Permission, check: PermissionCheck | None, *, configured: bool) -> Bulb:
    name = permission.value.capitalize()
    if not configured:
        return Bulb(name, "off", gettext("not configured"), gettext("Not configured yet."))
    if check is None:
        return Bulb(name, "off", gettext("not checked"), gettext("Not checked yet."))
    if check.state == CheckState.QUEUED:
        return Bulb(name, "checking", gettext("waiting"), gettext("Waiting for a worker."))
    if check.state == CheckState.RUNNING:
        return Bulb(name, "checking", gettext("being checked"), gettext("Being checked right now."))
    verdict: StoredVerdict | None = check.verdicts.get(permission)
    if check.state == CheckState.EXPIRED or verdict is None:
        return Bulb(name, "unknown", gettext("unknown"), gettext(GIVEN_UP))
    word = STATE_WORDS[State(verdict["state"])]
    return Bulb(name, word, gettext(word), verdict["summary"], verdict, _field_title(check.provider, verdict))


def _field_title(provider: str, verdict: StoredVerdict) -> str:
    info = PROVIDERS[provider].config_class.fields().get(verdict.get("field", ""))
    return info.title or "" if info else ""


def mark_id(provider: str, name: str) -> str:
    """The id of a field's mark in the page. It names the provider, as the form may show another provider's fields."""
    return f"mark-{provider}-{name}"


def warning_of(check: PermissionCheck | None) -> str:
    """Why the check has not started, or was given up; empty if there is nothing to say. Asks the database nothing."""
    if check is None:
        return ""
    if check.state == CheckState.EXPIRED:
        return gettext(GIVEN_UP)
    if check.state == CheckState.QUEUED and check.dispatched_at is None and _waits(check, timedelta(seconds=1)):
        return gettext(NOT_REACHED)
    if check.state == CheckState.QUEUED and _waits(check, NO_WORKER_AFTER):
        return gettext(OTHERS_FIRST if is_in_turn(check) else NO_WORKER)
    return ""


def _waits(check: PermissionCheck, longer_than: timedelta) -> bool:
    return timezone.now() - check.queued_at > longer_than
