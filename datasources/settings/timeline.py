"""The history of checks: what changed from one to the next, runs without a change, and a picture of it all.

It is given a dataset's checks, newest first, each with its datasource, and asks the database for nothing.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop, ngettext

from clouds import PROVIDERS
from clouds.permissions import Permission, State
from core.words import duration_words, moment_words
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose, Trigger
from datasources.schemas import StoredVerdict
from datasources.settings.bulbs import Bulb, check_bulbs

_GREEN, _RED, _UNKNOWN = gettext_noop("green"), gettext_noop("red"), gettext_noop("unknown")
_GIVEN_UP, _UNDER_WAY = gettext_noop("given up"), gettext_noop("under way")
_RANKS = [_GREEN, _RED, _UNKNOWN, _GIVEN_UP, _UNDER_WAY]
COLOURS = {State.GRANTED: _GREEN, State.DENIED: _RED, State.SKIPPED: _RED, State.UNKNOWN: _UNKNOWN}


@dataclass(frozen=True)
class Change:
    """One sentence about what differs from the check before. `look` is a state of the style sheets."""

    text: str
    look: str = "off"


def changes(before: PermissionCheck | None, check: PermissionCheck) -> list[Change]:
    """What differs between two finished checks of a datasource. `before` is None for the first one.

    Empty if the same settings led to the same verdicts, however long that took.
    """
    if before is None:
        return [Change(gettext("first check"))]
    found = []
    if before.revision != check.revision:
        found.append(Change(gettext("settings saved (revision %(revision)s)") % {"revision": check.revision}))
    if before.provider != check.provider:
        found.append(
            Change(
                gettext("provider changed from %(before)s to %(after)s")
                % {"before": _provider(before), "after": _provider(check)}
            )
        )
    if before.path != check.path:
        found.append(
            Change(gettext("path changed from %(before)s to %(after)s") % {"before": before.path, "after": check.path})
        )
    found.extend(_verdict_changes(before, check))
    if before.empty != check.empty:
        found.append(
            Change(
                gettext("nothing is under the path any more")
                if check.empty
                else gettext("there is something under the path now")
            )
        )
    return found


def _verdict_changes(before: PermissionCheck, check: PermissionCheck) -> list[Change]:
    """One sentence for all permissions that changed in the same way for the same reason."""
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
        return gettext("turned %(colour)s%(reason)s") % {"colour": gettext(colour), "reason": reason}
    if colour != "green" and (was["cause"], was["summary"]) != (now["cause"], now["summary"]):
        return gettext("stayed %(colour)s, but now: %(summary)s") % {
            "colour": gettext(colour),
            "summary": now["summary"],
        }
    return ""


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _provider(check: PermissionCheck) -> str:
    provider = PROVIDERS.get(check.provider)
    return provider.short if provider else check.provider


# ---- the table ----


@dataclass
class Entry:
    """A line of the history: one check, or the newest of a run of scheduled checks with the same verdicts."""

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
    """Who asked for the check: a person, a person's script, the schedule, or a cloud admin with a link."""
    if check.trigger == Trigger.SCHEDULE:
        return gettext("the schedule")
    if check.trigger == Trigger.LINK:
        return gettext("a cloud admin, with a link")
    email = check.requested_by.email if check.requested_by else gettext("somebody who left")
    if check.trigger == Trigger.WAIT:
        return gettext("%(email)s, waiting for a change") % {"email": email}
    return gettext("a script of %(email)s") % {"email": email} if check.trigger == Trigger.API else email


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
    """Whether a later check belongs to the run of `last`. Only quiet checks without a change make a run."""
    if last.check.trigger != entry.check.trigger:
        return False
    return all(
        Trigger(each.check.trigger).is_quiet and each.check.state == CheckState.DONE and not each.changes
        for each in (last, entry)
    )


# ---- the picture ----

MOST_MARKS = 60
_SLOT, _BASE, _TALLEST, _SHORTEST = 14, 60, 40, 4
LOOKS = {Outcome.GREEN: "granted", Outcome.RED: "denied", Outcome.UNKNOWN: "unknown"}


@dataclass(frozen=True)
class Mark:
    """One check in the picture, in pixels: a bar, higher the longer it took, above the shape of its verdict."""

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
    summary: str  # for people who do not see it
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
    summary = gettext("%(purpose)s, from the oldest to the newest: %(caption)s The newest is %(word)s.") % {
        "purpose": purpose.label,
        "caption": caption,
        "word": gettext(_word(checks[-1])),
    }
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
    """In English: pages show gettext() of it."""
    words = {"granted": _GREEN, "denied": _RED, "off": _GIVEN_UP, "checking": _UNDER_WAY}
    return words.get(_look(check), _UNKNOWN)


def _title(check: PermissionCheck) -> str:
    words = {"when": moment_words(check.queued_at), "word": gettext(_word(check)), "who": who(check)}
    if check.milliseconds is None:
        return gettext("%(when)s: %(word)s, asked by %(who)s") % words
    words["took"] = number_format(check.milliseconds, force_grouping=True)
    return gettext("%(when)s: %(word)s, %(took)s ms, asked by %(who)s") % words


def _caption(checks: Sequence[PermissionCheck], times: list[int]) -> str:
    words = [_word(check) for check in checks]
    counted = ", ".join(f"{words.count(word)} {gettext(word)}" for word in sorted(set(words), key=_RANKS.index))
    caption = ngettext(
        "%(count)s check within %(age)s: %(counted)s.", "%(count)s checks within %(age)s: %(counted)s.", len(checks)
    ) % {
        "count": len(checks),
        "age": duration_words(timezone.now() - checks[0].queued_at),
        "counted": counted,
    }
    if not times or min(times) == max(times):
        return caption
    least, most = (number_format(time, force_grouping=True) for time in (min(times), max(times)))
    took = gettext("They took %(least)s to %(most)s ms.") % {"least": least, "most": most}
    return f"{caption} {took}"
