"""The history of checks: what changed from one to the next, runs in which nothing did, and a picture of it all.

Nothing here asks the database: it is given a dataset's checks, newest first, each with its datasource.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.utils import timezone

from datasources.bulbs import Bulb, check_bulbs
from datasources.clouds import CONFIG_CLASSES
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose, Trigger
from datasources.probe import Permission, State
from datasources.schemas import StoredVerdict
from datasources.tiles import age_words

COLOURS = {State.GRANTED: "green", State.DENIED: "red", State.SKIPPED: "red", State.UNKNOWN: "unknown"}


@dataclass(frozen=True)
class Change:
    """One sentence about what differs from the check before. `look` is a state of the style sheets."""

    text: str
    look: str = "off"


def changes(before: PermissionCheck | None, check: PermissionCheck) -> list[Change]:
    """What differs between two finished checks of a datasource; `before` None: there is no earlier one.

    Empty if the same came out of the same settings, in whatever time.
    """
    if before is None:
        return [Change("first check")]
    found = []
    if before.revision != check.revision:
        found.append(Change(f"settings saved (revision {check.revision})"))
    if before.provider != check.provider:
        found.append(Change(f"provider changed from {_provider(before)} to {_provider(check)}"))
    if before.path != check.path:
        found.append(Change(f"path changed from {before.path} to {check.path}"))
    found.extend(_verdict_changes(before, check))
    if before.empty != check.empty:
        found.append(
            Change("nothing is under the path any more" if check.empty else "there is something under the path now")
        )
    return found


def _verdict_changes(before: PermissionCheck, check: PermissionCheck) -> list[Change]:
    """Permissions that changed in the same way, for the same reason, share a sentence."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for permission in Permission:
        was, now = before.verdicts.get(permission), check.verdicts.get(permission)
        if permission in Purpose(check.datasource.purpose).needs and was and now:
            what = _what_happened(was, now)
            if what:
                alike[COLOURS[State(now["state"])], what].append(permission.value.capitalize())
    looks = {"green": "granted", "red": "denied", "unknown": "unknown"}
    return [Change(f"{_listed(names)} {what}", looks[colour]) for (colour, what), names in alike.items()]


def _what_happened(was: StoredVerdict, now: StoredVerdict) -> str:
    before, colour = COLOURS[State(was["state"])], COLOURS[State(now["state"])]
    if before != colour:
        reason = f": {now['summary']}" if colour != "green" and now["summary"] else ""
        return f"turned {colour}{reason}"
    if colour != "green" and (was["cause"], was["summary"]) != (now["cause"], now["summary"]):
        return f"stayed {colour}, but now: {now['summary']}"
    return ""


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _provider(check: PermissionCheck) -> str:
    config_class = CONFIG_CLASSES.get(check.provider)
    return config_class.provider_short if config_class else check.provider


# ---- the table ----


@dataclass
class Entry:
    """A line of the history: one check, or the newest of a run of scheduled ones that all came out the same."""

    check: PermissionCheck
    changes: list[Change]
    replaced: bool  # given up, because its settings were saved anew
    folded: list[PermissionCheck] = field(default_factory=list)  # the rest of the run, newest first

    @property
    def purpose(self) -> Purpose:
        return Purpose(self.check.datasource.purpose)

    @property
    def bulbs(self) -> list[Bulb]:
        return check_bulbs(self.check)

    @property
    def times(self) -> int:
        return 1 + len(self.folded)

    @property
    def until(self) -> datetime:
        """When the newest check of a run was asked for."""
        return self.check.queued_at

    @property
    def all_checks(self) -> list[PermissionCheck]:
        return [self.check, *self.folded]

    @property
    def is_done(self) -> bool:
        return self.check.state == CheckState.DONE

    @property
    def asked_by(self) -> str:
        return who(self.check)


def who(check: PermissionCheck) -> str:
    """A person, a person's script, or the schedule."""
    if check.trigger == Trigger.SCHEDULE:
        return "the schedule"
    email = check.requested_by.email if check.requested_by else "somebody who left"
    return f"a script of {email}" if check.trigger == Trigger.API else email


def entries(checks: Sequence[PermissionCheck]) -> list[Entry]:
    """The history of one or more datasources, newest first as the checks are."""
    found = [entry for own in by_datasource(checks) for entry in _of_one(own)]
    return sorted(found, key=lambda entry: (entry.check.queued_at, entry.check.pk), reverse=True)


def by_datasource(checks: Iterable[PermissionCheck]) -> list[list[PermissionCheck]]:
    grouped: dict[str, list[PermissionCheck]] = defaultdict(list)
    for check in checks:
        grouped[check.datasource_id].append(check)
    order = list(Purpose.values)
    return sorted(grouped.values(), key=lambda own: order.index(own[0].datasource.purpose))


def _of_one(checks: Sequence[PermissionCheck]) -> list[Entry]:
    found: list[Entry] = []
    before: PermissionCheck | None = None
    for check in reversed(checks):
        done = check.state == CheckState.DONE
        entry = Entry(
            check,
            changes(before, check) if done else [],
            replaced=check.state == CheckState.EXPIRED and check.revision < check.datasource.revision,
        )
        last = found[-1] if found else None
        if last and _goes_on(last, entry):
            entry.folded = [last.check, *last.folded]
            found[-1] = entry
        else:
            found.append(entry)
        if done:
            before = check
    return found


def _goes_on(last: Entry, entry: Entry) -> bool:
    """Whether the run that `last` ends or begins goes on with a later check. Only what the schedule did is folded."""
    return all(
        each.check.trigger == Trigger.SCHEDULE and each.check.state == CheckState.DONE and not each.changes
        for each in (last, entry)
    )


# ---- the picture ----

MOST_MARKS = 60
_SLOT, _BASE, _TALLEST, _SHORTEST = 14, 60, 40, 4
LOOKS = {Outcome.GREEN: "granted", Outcome.RED: "denied", Outcome.UNKNOWN: "unknown"}


@dataclass(frozen=True)
class Mark:
    """One check in the picture: a bar as high as it took long, with the shape of its verdict below. In pixels."""

    x: int
    height: int
    look: str
    title: str
    saved: bool  # the settings were saved between the check before and this one

    @property
    def top(self) -> int:
        return _BASE - self.height

    @property
    def edge(self) -> int:
        """Where a line between this mark and the one before stands."""
        return self.x - _SLOT // 2


@dataclass(frozen=True)
class Picture:
    purpose: Purpose
    path: str
    marks: list[Mark]
    summary: str  # for who does not see it
    caption: str

    @property
    def width(self) -> int:
        return _SLOT * len(self.marks)

    base = _BASE
    height = _BASE + 18


def pictures(checks: Sequence[PermissionCheck]) -> list[Picture]:
    """One for each datasource that was checked, from the oldest check on the left to the newest on the right."""
    return [_picture(own[0].datasource, own[:MOST_MARKS][::-1]) for own in by_datasource(checks)]


def _picture(datasource: Datasource, checks: Sequence[PermissionCheck]) -> Picture:
    purpose = Purpose(datasource.purpose)
    times = [check.milliseconds for check in checks if check.milliseconds is not None]
    longest = max(times, default=1) or 1
    revisions = [checks[0].revision, *(check.revision for check in checks)]
    marks = [
        Mark(
            x=_SLOT * place + _SLOT // 2,
            height=_height(check.milliseconds, longest),
            look=_look(check),
            title=_title(check),
            saved=before != after,
        )
        for place, (check, (before, after)) in enumerate(zip(checks, pairwise(revisions), strict=True))
    ]
    caption = _caption(checks, times)
    summary = f"{purpose.label}, from the oldest to the newest: {caption} The newest is {_word(checks[-1])}."
    return Picture(purpose, datasource.path, marks, summary, caption)


def _height(milliseconds: int | None, longest: int) -> int:
    # The logarithm keeps quick checks apart beside one that ran into its deadline.
    share = math.log1p((milliseconds or 0) / 10) / math.log1p(longest / 10)
    return _SHORTEST + round((_TALLEST - _SHORTEST) * share)


def _look(check: PermissionCheck) -> str:
    if check.is_open:
        return "checking"
    return LOOKS.get(Outcome(check.outcome), "off") if check.outcome else "off"


def _word(check: PermissionCheck) -> str:
    words = {"granted": "green", "denied": "red", "off": "given up", "checking": "under way"}
    return words.get(_look(check), "unknown")


def _title(check: PermissionCheck) -> str:
    took = f", {check.milliseconds} ms" if check.milliseconds is not None else ""
    return f"{check.queued_at:%Y-%m-%d %H:%M} UTC: {_word(check)}{took}, asked by {who(check)}"


def _caption(checks: Sequence[PermissionCheck], times: list[int]) -> str:
    words = [_word(check) for check in checks]
    counted = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words, key=_rank)))
    age = age_words((timezone.now() - checks[0].queued_at).total_seconds())
    took = f" They took {min(times)} to {max(times)} ms." if times and min(times) < max(times) else ""
    return f"{len(checks)} check{'' if len(checks) == 1 else 's'} within {age}: {counted}.{took}"


def _rank(word: str) -> int:
    return ["green", "red", "unknown", "given up", "under way"].index(word)
