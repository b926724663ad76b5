"""Walks through stores in memory, also such that misbehave: no name comes twice, none is lost without an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contents.listing.shards import predecessor
from contents.listing.walker import (
    Oddities,
    Range,
    Stretch,
    Unreliable,
    UnreliableServerError,
    begins_where_asked,
    walk,
)
from tests.contents.listing.stores import (
    BeginsInTheMiddle,
    Bucket,
    GivesForeignNames,
    GivesMoreThanAsked,
    GoesInCircles,
    IgnoresTheStart,
    IncludesTheStart,
    OnlyForeignNames,
    RepeatsTheLast,
    SaysMoreAtTheEnd,
    ShufflesPages,
    by_directory,
    utf_16,
)

PREFIX = "raw/"
TWENTY = [f"img_{number:02}.jpg" for number in range(20)]
SOUND = [Bucket, IncludesTheStart, RepeatsTheLast, GivesMoreThanAsked, GivesForeignNames]
BROKEN = [IgnoresTheStart, SaysMoreAtTheEnd, OnlyForeignNames, ShufflesPages, BeginsInTheMiddle, GoesInCircles]


def bucket(kind: type[Bucket], names: list[str]) -> Bucket:
    return kind([PREFIX + name for name in names] + ["before.jpg", "raw-not/x.jpg", "zebra.jpg"])


def names_of(stretches: Iterator[Stretch]) -> list[str]:
    return [entry.key for stretch in stretches for entry in stretch.entries]


def walked(store: Bucket, part: Range | None = None, *, page_size: int = 6) -> tuple[list[str], Oddities]:
    oddities = Oddities()
    return names_of(walk(store, PREFIX, part or Range(), page_size=page_size, oddities=oddities)), oddities


def problem_of(store: Bucket, part: Range | None = None) -> Unreliable:
    with pytest.raises(UnreliableServerError) as caught:
        walked(store, part)
    return caught.value.problem


def test_a_walk_gives_every_name_below_the_prefix_and_where_to_go_on() -> None:
    store = bucket(Bucket, TWENTY)
    stretches = list(walk(store, PREFIX, page_size=8))
    assert [len(stretch.entries) for stretch in stretches] == [8, 8, 4]
    assert [stretch.more for stretch in stretches] == [True, True, False]
    assert [stretch.reached for stretch in stretches] == [TWENTY[7], TWENTY[15], TWENTY[19]]
    assert names_of(iter(stretches)) == TWENTY
    assert (stretches[0].entries[0].modified, stretches[0].entries[0].size) == (1_700_000_000, 1)
    for stretch in stretches:
        rest = TWENTY[TWENTY.index(stretch.reached) + 1 :]
        assert walked(store, Range(stretch.reached)) == (rest, Oddities())
    assert walked(bucket(Bucket, [])) == ([], Oddities())


@pytest.mark.parametrize(
    "part",
    [
        Range(),
        Range("img_03.jpg"),
        Range("img_03.jpg", "img_09.jpg"),
        Range("img_03", "img_09"),
        Range("", "img_09.jpg"),
        Range("zzz"),
        Range("", "a"),
    ],
)
@pytest.mark.parametrize("kind", SOUND)
def test_odd_servers_are_listed_as_good_ones_are(kind: type[Bucket], part: Range) -> None:
    wanted = [name for name in TWENTY if name > part.after and not (part.until and name > part.until)]
    assert walked(bucket(kind, TWENTY), part)[0] == wanted


@pytest.mark.parametrize(
    ("kind", "noticed"),
    [
        (Bucket, Oddities()),
        (IncludesTheStart, Oddities(repeated=3)),
        (RepeatsTheLast, Oddities(repeated=4)),
        (GivesMoreThanAsked, Oddities()),
        (GivesForeignNames, Oddities(foreign=8)),
    ],
)
def test_what_is_odd_is_counted(kind: type[Bucket], noticed: Oddities) -> None:
    assert walked(bucket(kind, TWENTY))[1] == noticed
    assert bool(noticed) is (noticed != Oddities())


def test_a_server_that_ignores_the_start_is_noticed_and_gives_nothing_twice() -> None:
    store = bucket(IgnoresTheStart, TWENTY)
    # All fits into one page: each part of the listing can still be told from the others.
    for part in [Range("", "img_04.jpg"), Range("img_04.jpg", "img_12.jpg"), Range("img_12.jpg")]:
        wanted = [name for name in TWENTY if name > part.after and not (part.until and name > part.until)]
        names, oddities = walked(store, part, page_size=100)
        assert names == wanted
        behind = len([name for name in TWENTY if name <= part.after])
        assert oddities.starts_at_front is bool(part.after)
        assert oddities.behind + oddities.repeated == behind
    assert not begins_where_asked(store, PREFIX, "img_04.jpg")
    assert begins_where_asked(bucket(Bucket, TWENTY), PREFIX, "img_04.jpg")
    # It does not: the rest can't be had.
    assert problem_of(store) is Unreliable.STUCK
    assert len(store.asked) < 10


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (IgnoresTheStart, Unreliable.STUCK),
        (SaysMoreAtTheEnd, Unreliable.STUCK),
        (OnlyForeignNames, Unreliable.STUCK),
        (ShufflesPages, Unreliable.DISORDERED),
        (BeginsInTheMiddle, Unreliable.STUCK),
        (GoesInCircles, None),
    ],
)
def test_a_walk_that_can_not_be_complete_ends_with_an_error(kind: type[Bucket], problem: Unreliable | None) -> None:
    store = bucket(kind, TWENTY)
    if problem is None:  # it says itself where the end is, and is not asked again
        assert walked(store)[0] == TWENTY
    else:
        assert problem_of(store) is problem
    assert len(store.asked) < 10


names = st.lists(st.text("ab/.-\U0001f600\uff41", min_size=1, max_size=4).map(lambda text: f"{text}.jpg"), max_size=30)


@settings(max_examples=400, deadline=None)
@given(names, st.sampled_from(SOUND + BROKEN), st.integers(1, 12), st.booleans(), st.data())
def test_nothing_comes_twice_and_nothing_is_lost_in_silence(
    found: list[str], kind: type[Bucket], page_size: int, in_parts: bool, data: st.DataObject
) -> None:
    store = bucket(kind, found)
    cut = data.draw(st.sampled_from(found)) if found and in_parts else ""
    parts = [Range("", cut), Range(cut)] if cut else [Range()]
    given_names: list[str] = []
    try:
        for part in parts:
            given_names += walked(store, part, page_size=page_size)[0]
    except UnreliableServerError:
        assert kind in BROKEN
        assert len(given_names) == len(set(given_names))
    else:
        assert given_names == sorted(set(found))


@pytest.mark.parametrize("directories", [False, True])
def test_servers_with_an_order_of_their_own(directories: bool) -> None:
    """With real directories, all of `a/` comes before `a-b`; others order by UTF-16, where emoji come early."""
    names = ["a-b.jpg", "a.jpg", "a/x.jpg", "a/y/z.jpg", "a0.jpg", "b\uff41.jpg", "b\U0001f600.jpg", "c.jpg"]
    order = by_directory if directories else utf_16
    store = Bucket([PREFIX + name for name in names], order=order, directories=directories)
    for page_size in range(1, 9):
        found, oddities = walked(store, page_size=page_size)
        assert sorted(found) == sorted(names)
        assert oddities == Oddities()


def test_ranges_of_a_server_with_an_order_of_its_own_are_refused() -> None:
    """A range is cut in plain order: between two of them, names would be lost."""
    names = ["a-b.jpg", "a.jpg", "a/x.jpg", "a/y.jpg", "b.jpg"]
    store = Bucket([PREFIX + name for name in names], order=by_directory, directories=True)
    assert problem_of(store, Range("", "a/y.jpg")) is Unreliable.DISORDERED


@pytest.mark.parametrize("page_size", [1, 2, 50])
def test_the_marker_of_a_directory_is_no_file_and_no_obstacle(page_size: int) -> None:
    store = bucket(Bucket, ["", *TWENTY])
    assert walked(store, page_size=page_size) == (TWENTY, Oddities())
    assert walked(bucket(Bucket, [""]), page_size=page_size) == ([], Oddities())


def test_a_walk_skips_what_nobody_wants() -> None:
    def next_start(after: str) -> str | None:
        """Only img_05* and img_15* are wanted."""
        for wanted in ("img_05", "img_15"):
            if after < wanted:
                return max(after, predecessor(wanted))
            if after.startswith(wanted):
                return after
        return None

    store = bucket(Bucket, TWENTY)
    found = names_of(walk(store, PREFIX, page_size=1, next_start=next_start))
    # Whether names after a wanted one are wanted too, only the next look tells.
    assert found == ["img_05.jpg", "img_06.jpg", "img_15.jpg", "img_16.jpg"]
    assert len(store.asked) == 4
    # In another order than the plain one, what comes before a name in one may come after it in the other.
    store = Bucket([PREFIX + name for name in TWENTY], order=by_directory, directories=True)
    assert names_of(walk(store, PREFIX, page_size=1, next_start=next_start)) == TWENTY
