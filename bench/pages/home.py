"""The home page with a few and with many datasets."""

from functools import partial

from bench.measuring import Effort, Measured, at_most, median_ms
from bench.pages import installation


def growth(effort: Effort) -> Measured:
    installation.prepare()
    from teams.services import create_user
    from tests.dashboard.test_queries import make_datasets

    user = create_user(email="bench@example.com")
    open_home = partial(installation.get, installation.signed_in(user.email), "/")
    make_datasets(user, effort.few)
    open_home()
    few = median_ms(open_home, effort.times)
    make_datasets(user, effort.many - effort.few, start=effort.few)
    many = median_ms(open_home, effort.times)
    return Measured(f"home page, {effort.many:,} datasets", many, few, f"{effort.few:,} datasets", at_most(1.2))
