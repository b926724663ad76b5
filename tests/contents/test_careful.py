"""Which files a slice may open after workers have died on it: walked through with a shard that nobody stores."""

from __future__ import annotations

from contents.careful import Care, alone, care_of, went_on
from jobs.models import Job
from jobs.runners import Cursor, Slice

MOST = 4


def work(files: list[str], hostile: set[str]) -> tuple[list[str], list[str], int]:
    """(files that were read, files that were given up, deaths), as jobs.lifecycle goes on after each slice."""
    read, given_up, deaths = [], [], 0
    cursor: Cursor = {"at": 0}
    died = 0
    while cursor["at"] < len(files):
        this = Slice(Job(), 0, cursor, 0, died)
        care = care_of(this, MOST)
        some = files[cursor["at"] : cursor["at"] + care.most]
        if care.gives_up:
            given_up.append(some[0])
        elif hostile & set(some):
            deaths, died = deaths + 1, died + 1
            assert died < 3  # the job would have failed
            continue
        else:
            read += some
        cursor, died = went_on(this, MOST, {"at": cursor["at"] + len(some)}, len(some)), 0
    return read, given_up, deaths


def test_nothing_happens_to_harmless_files() -> None:
    assert work(list("abcdefghij"), set()) == (list("abcdefghij"), [], 0)


def test_each_hostile_file_costs_three_deaths_at_most_and_nothing_else() -> None:
    """Two where it is the first of its slice: nobody else can be guilty then."""
    for hostile in "abcdefghij":
        others = [file for file in "abcdefghij" if file != hostile]
        assert work(list("abcdefghij"), {hostile}) == (others, [hostile], 2 if hostile in "aei" else 3)


def test_hostile_neighbours_cost_two_deaths_more_each() -> None:
    read, given_up, deaths = work(list("abcdefghij"), {"c", "d", "j"})
    assert (read, given_up) == (list("abefghi"), ["c", "d", "j"])
    assert deaths == (1 + 2) + 2 + (1 + 2)


def test_a_worker_that_was_stopped_by_chance_makes_nobody_guilty() -> None:
    assert care_of(Slice(Job(), 0, {}, 0, 1), MOST) == Care(1, gives_up=False)
    for deaths, gives_up in ((1, False), (2, True)):
        assert care_of(Slice(Job(), 0, alone({}, MOST), 0, deaths), MOST) == Care(1, gives_up=gives_up)


def test_after_the_slice_in_doubt_files_are_opened_together_again() -> None:
    cursor: Cursor = {}
    for place in range(MOST):
        this = Slice(Job(), 0, cursor, 0, 1 if place == 0 else 0)
        assert care_of(this, MOST).most == 1
        cursor = went_on(this, MOST, {"at": place}, 1)
    assert care_of(Slice(Job(), 0, cursor, 0, 0), MOST).most == MOST


def test_files_that_are_to_be_opened_alone() -> None:
    """From a cursor whose slice noticed by itself that one of the next files is too much."""
    cursor = alone({"at": 0}, MOST)
    for at in range(MOST):
        this = Slice(Job(), 0, cursor, 0)
        assert care_of(this, MOST) == Care(1, gives_up=False)
        assert care_of(Slice(Job(), 0, cursor, 0, deaths=2), MOST) == Care(1, gives_up=True)
        cursor = went_on(this, MOST, {"at": at + 1}, 1)
    assert care_of(Slice(Job(), 0, cursor, 0), MOST) == Care(MOST, gives_up=False)
