"""The home page: with a few and with many datasets, and beside a page that shows nothing."""

from functools import partial
from typing import TYPE_CHECKING

from bench.measuring import Effort, Measured, at_most, in_turns, median_ms
from bench.pages import installation

if TYPE_CHECKING:
    from django.test import Client

# An inbox without notices: session, person, second factor, teams, frame and navigation, and one number.
EMPTY = "/inbox/"
ROWS = 25


def against_empty(effort: Effort) -> Measured:
    """A full page of rows, which somebody has looked at before."""
    client = prepared(ROWS)
    home, empty = (partial(installation.get, client, path) for path in ("/", EMPTY))
    home()
    empty()
    ours, floor = in_turns(home, empty, times=3 * effort.times)
    return Measured(f"home page, {ROWS} rows", ours, floor, "an empty inbox", at_most(6))


def growth(effort: Effort) -> Measured:
    client = prepared(effort.few)
    from teams.models import User
    from tests.dashboard.test_queries import make_datasets

    open_home = partial(installation.get, client, "/")
    open_home()
    few = median_ms(open_home, effort.times)
    make_datasets(User.objects.get(), effort.many - effort.few, start=effort.few)
    open_home()
    many = median_ms(open_home, effort.times)
    return Measured(f"home page, {effort.many:,} datasets", many, few, f"{effort.few:,} datasets", at_most(1.2))


def prepared(datasets: int) -> "Client":
    """An installation with one person, who has so many datasets, signed in."""
    installation.prepare()
    from teams.services import create_user
    from tests.dashboard.test_queries import make_datasets

    user = create_user(email="bench@example.com")
    make_datasets(user, datasets)
    return installation.signed_in(user.email)
