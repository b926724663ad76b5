"""The home page with a few and with many datasets."""

from functools import partial

from bench import installation
from bench.measuring import Effort, Measured, median_ms


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
    what = f"home page: {effort.few:,} datasets against {effort.many:,}"
    return Measured(what, few, f"{effort.many:,} datasets", many)
