"""What changed between two checks, runs in which nothing did, and the picture. No database: checks are just built."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.words import moment_words
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose, Trigger
from datasources.settings import timeline
from datasources.settings.timeline import changes, entries, pictures
from teams.models import User

GREEN = ("granted", "", "s3:GetObject")
DENIED = ("denied", "denied", "denied: s3:PutObject")
WRONG = ("denied", "wrong_secret", "the secret access key is wrong")
SILENT = ("unknown", "timeout", "no answer within 15 s")
NOT_NEEDED = ("skipped", "", "not needed here")


def datasource(purpose: Purpose = Purpose.LIGHTLY, revision: int = 1) -> Datasource:
    return Datasource(purpose=purpose, provider="S3", path="s3://acme/street/", revision=revision)


def check(source: Datasource, *verdicts: tuple[str, str, str], hours_ago: float = 0, **fields: Any) -> PermissionCheck:
    """A finished check with verdicts for list, read, write and overwrite; the last one given stands for the rest."""
    padded = [*verdicts, *([verdicts[-1]] * 4)] if verdicts else [GREEN] * 4
    names = ["list", "read", "write", "overwrite"]
    stored = {
        name: dict(zip(("state", "cause", "summary"), verdict, strict=True))
        for name, verdict in zip(names, padded, strict=False)
    }
    states = {verdict["state"] for verdict in stored.values()}
    outcome = Outcome.RED if "denied" in states else Outcome.UNKNOWN if "unknown" in states else Outcome.GREEN
    values: dict[str, Any] = {
        "datasource": source,
        "revision": source.revision,
        "provider": source.provider,
        "path": source.path,
        "state": CheckState.DONE,
        "outcome": outcome,
        "milliseconds": 200,
        "queued_at": timezone.now() - timedelta(hours=hours_ago),
        "verdicts": stored,
    }
    return PermissionCheck(**values | fields)


class TestChanges:
    def said(self, before: PermissionCheck | None, after: PermissionCheck) -> list[str]:
        return [change.text for change in changes(before, after)]

    def test_the_same_twice_is_no_change_however_long_it_took(self) -> None:
        source = datasource()
        assert self.said(check(source, DENIED, milliseconds=90), check(source, DENIED, milliseconds=9000)) == []

    def test_the_first_one_says_so(self) -> None:
        assert self.said(None, check(datasource())) == ["first check"]

    def test_a_bulb_turns_red_and_says_why(self) -> None:
        source = datasource()
        (change,) = changes(check(source), check(source, GREEN, GREEN, DENIED, GREEN))
        assert (change.text, change.look) == ("Write turned red: denied: s3:PutObject", "denied")

    def test_what_turns_green_needs_no_reason(self) -> None:
        source = datasource()
        (change,) = changes(check(source, GREEN, GREEN, DENIED), check(source))
        assert (change.text, change.look) == ("Write and Overwrite turned green", "granted")

    def test_bulbs_that_fail_alike_share_a_sentence(self) -> None:
        source = datasource()
        assert self.said(check(source), check(source, SILENT)) == [
            "List, Read, Write and Overwrite turned unknown: no answer within 15 s"
        ]

    def test_red_for_another_reason(self) -> None:
        source = datasource()
        assert self.said(check(source, GREEN, DENIED, GREEN), check(source, GREEN, WRONG, GREEN)) == [
            "Read stayed red, but now: the secret access key is wrong"
        ]

    def test_an_input_is_judged_by_what_it_needs(self) -> None:
        source = datasource(Purpose.INPUT)
        assert self.said(check(source, GREEN, GREEN, DENIED), check(source, GREEN, GREEN, NOT_NEEDED)) == []

    def test_settings_path_and_provider(self) -> None:
        source = datasource()
        before = check(source, path="s3://acme/old/")
        after = check(source, revision=4, provider="GCS", path="gs://acme/new/")
        assert self.said(before, after) == [
            "settings saved (revision 4)",
            "provider changed from AWS S3 to Google Cloud",
            "path changed from s3://acme/old/ to gs://acme/new/",
        ]

    @pytest.mark.parametrize(
        ("empty", "words"), [(True, "nothing is under the path any more"), (False, "something under")]
    )
    def test_data_that_came_or_went(self, empty: bool, words: str) -> None:
        source = datasource()
        (said,) = self.said(check(source, empty=not empty), check(source, empty=empty))
        assert words in said


class TestRuns:
    """Checks are given newest first, as the database does."""

    def test_scheduled_checks_that_say_the_same_are_one_line(self) -> None:
        source = datasource()
        later = [check(source, hours_ago=hours, trigger=Trigger.SCHEDULE) for hours in range(3, 30)]
        first = check(source, hours_ago=30)
        folded, opening = entries([*later, first])
        assert (folded.times, folded.check, folded.all_checks) == (27, later[0], later)
        assert (opening.check, opening.changes[0].text) == (first, "first check")

    def test_a_change_ends_the_run_and_the_next_begins_after_it(self) -> None:
        source = datasource()
        verdicts = [GREEN, GREEN, DENIED, DENIED, DENIED, GREEN, GREEN, GREEN]  # newest first
        checks = [check(source, v, hours_ago=n, trigger=Trigger.SCHEDULE) for n, v in enumerate(verdicts)]
        assert [(entry.times, len(entry.changes)) for entry in entries(checks)] == [
            (1, 0),
            (1, 1),
            (2, 0),
            (1, 1),
            (2, 0),
            (1, 1),
        ]

    def test_what_people_and_scripts_asked_for_stays_visible(self) -> None:
        source = datasource()
        triggers = [Trigger.SCHEDULE, Trigger.PERSON, Trigger.SCHEDULE, Trigger.API, Trigger.PERSON]
        found = entries([check(source, hours_ago=n, trigger=trigger) for n, trigger in enumerate(triggers)])
        assert [entry.check.trigger for entry in found] == triggers

    def test_two_datasources_are_folded_apart_and_listed_together(self) -> None:
        sources = [datasource(Purpose.INPUT), datasource(Purpose.LIGHTLY)]
        mixed = [
            check(source, hours_ago=hour + place / 10, trigger=Trigger.SCHEDULE)
            for hour in range(5)
            for place, source in enumerate(sources)
        ]
        found = entries(mixed)
        assert [(entry.purpose, entry.times) for entry in found] == [
            (Purpose.INPUT, 4),
            (Purpose.LIGHTLY, 4),
            (Purpose.INPUT, 1),
            (Purpose.LIGHTLY, 1),
        ]

    def test_one_that_was_given_up_is_no_base_to_compare_with(self) -> None:
        source = datasource(revision=2)
        lost = check(source, hours_ago=1, state=CheckState.EXPIRED, outcome="", verdicts={}, revision=1)
        waiting = check(source, hours_ago=0, state=CheckState.QUEUED, outcome="", verdicts={})
        newest, given_up, _ = entries([waiting, lost, check(source, DENIED, hours_ago=2)])
        assert (newest.changes, newest.is_done, given_up.changes, given_up.replaced) == ([], False, [], True)
        after = check(source, DENIED)
        assert entries([after, lost, check(source, DENIED, hours_ago=2)])[0].changes == []

    @pytest.mark.parametrize(
        ("trigger", "words"),
        [
            (Trigger.PERSON, "ava@example.com"),
            (Trigger.API, "a script of ava@example.com"),
            (Trigger.SCHEDULE, "the schedule"),
        ],
    )
    def test_who_asked(self, trigger: Trigger, words: str) -> None:
        assert timeline.who(check(datasource(), trigger=trigger, requested_by=User(email="ava@example.com"))) == words

    def test_a_person_who_is_gone(self) -> None:
        assert timeline.who(check(datasource())) == "somebody who left"


class TestPicture:
    def test_one_mark_for_each_check_from_old_to_new(self) -> None:
        source = datasource()
        (picture,) = pictures(
            [
                check(source, milliseconds=100),
                check(source, SILENT, hours_ago=6, milliseconds=15000),
                check(source, DENIED, hours_ago=12, milliseconds=400),
                check(source, hours_ago=18, state=CheckState.EXPIRED, outcome="", milliseconds=None),
            ]
        )
        assert [mark.look for mark in picture.marks] == ["off", "denied", "unknown", "granted"]
        heights = [mark.height for mark in picture.marks]
        assert heights[0] < heights[3] < heights[1] < heights[2]
        places = [mark.x for mark in picture.marks]
        assert places == sorted(places)
        assert all(mark.top >= 0 and 0 < mark.x < picture.width for mark in picture.marks)

    def test_its_words_tell_what_is_seen(self) -> None:
        source = datasource()
        (picture,) = pictures([check(source, DENIED, milliseconds=90), check(source, hours_ago=6, milliseconds=300)])
        assert picture.summary == (
            "Lightly, from the oldest to the newest: 2 checks within 6 hours: 1 green, 1 red. They took 90 to 300 ms."
            " The newest is red."
        )

    def test_a_line_stands_where_the_settings_were_saved(self) -> None:
        source = datasource(revision=2)
        (picture,) = pictures([check(source), check(source, hours_ago=1), check(source, hours_ago=2, revision=1)])
        assert [mark.saved for mark in picture.marks] == [False, True, False]

    def test_only_the_newest_are_drawn(self) -> None:
        source = datasource()
        checks = [check(source, hours_ago=hour) for hour in range(100)]
        (picture,) = pictures(checks)
        assert len(picture.marks) == timeline.MOST_MARKS
        assert moment_words(checks[0].queued_at) in picture.marks[-1].title
