"""The other lists that grow: health, inbox, and the history of a datasource, with a few and with many rows."""

from collections.abc import Callable
from functools import partial

from bench.measuring import Effort, Measured, at_most, median_ms
from bench.pages import home, installation


def health(effort: Effort) -> Measured:
    client = home.prepared(effort.few)
    from teams.models import User
    from tests.dashboard.test_queries import make_datasets

    def more() -> None:
        make_datasets(User.objects.get(), effort.many - effort.few, start=effort.few)

    few, many = _before_and_after(effort, partial(installation.get, client, "/health/"), more)
    return Measured(f"health page, {effort.many:,} datasets", many, few, f"{effort.few:,} datasets", at_most(1.2))


def inbox(effort: Effort) -> Measured:
    client = home.prepared(0)
    from notifications.models import Notice
    from teams.models import User

    def add(count: int) -> None:
        Notice.objects.bulk_create(Notice(user=User.objects.get(), title=f"Notice {number}") for number in range(count))

    add(effort.few)
    ask = partial(installation.get, client, "/inbox/")
    few, many = _before_and_after(effort, ask, partial(add, effort.many - effort.few))
    return Measured(f"inbox, {effort.many:,} notices", many, few, f"{effort.few:,} notices", at_most(1.2))


def history(effort: Effort) -> Measured:
    """Of one datasource among many others, which have checks of their own."""
    client = home.prepared(2)
    from datasets.models import Dataset
    from datasources.models import Datasource, PermissionCheck
    from teams.models import User
    from tests.dashboard.test_queries import make_datasets

    dataset = Dataset.objects.order_by("name")[0]
    source = Datasource.objects.filter(dataset=dataset)[0]
    check = PermissionCheck.objects.get(datasource=source)

    def repeat() -> None:
        """As many as are kept."""
        PermissionCheck.objects.bulk_create(
            PermissionCheck(
                datasource=source,
                revision=0,
                provider=check.provider,
                path=check.path,
                state=check.state,
                outcome=check.outcome,
                finished_at=check.finished_at,
                milliseconds=100,
                verdicts={},
            )
            for _ in range(99)
        )

    repeat()
    ask = partial(installation.get, client, f"/datasets/{dataset.pk}/settings/history/")

    def more() -> None:
        make_datasets(User.objects.get(), effort.many, start=2)

    few, many = _before_and_after(effort, ask, more)
    return Measured(f"history, {2 * effort.many:,} other checks", many, few, "2 others", at_most(1.2))


def _before_and_after(effort: Effort, ask: Callable[[], object], add: Callable[[], object]) -> tuple[float, float]:
    """The milliseconds of a page, before and after rows are added."""
    ask()
    before = median_ms(ask, effort.times)
    add()
    ask()
    return before, median_ms(ask, effort.times)
