"""The pages of the Contents tab with a few and with many files: they should not feel the difference."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from bench.measuring import Action, Effort, Goal, Measured, at_most, in_turns
from bench.pages import installation

if TYPE_CHECKING:
    from datasets.models import Dataset

FEW = 1_000
AT_ONCE = 50_000
GALLERY = "contents/input/gallery/?after=dir000/img_0000500.JPG"


def overview(effort: Effort) -> Measured:
    return _growth(effort, "overview", "contents/input/", at_most(1.3))


def problem(effort: Effort) -> Measured:
    return _growth(effort, "files with a problem", "contents/input/upper-case-extension/")


def search(effort: Effort) -> Measured:
    return _growth(effort, "search that finds nothing", "contents/input/search/?q=no-such-name")


def gallery(effort: Effort) -> Measured:
    return _growth(effort, "gallery", GALLERY, at_most(1.3))


def sizes(effort: Effort) -> Measured:
    """That no file has: each page looks at some names, and says how far it came."""
    return _growth(effort, "gallery by a size that no file has", "contents/input/gallery/?size-from=1+GB")


def folders(effort: Effort) -> Measured:
    return _growth(effort, "gallery by folders", "contents/input/gallery/?view=folders&prefix=dir000/")


def against_empty(effort: Effort) -> Measured:
    """A page of the gallery against the same tab of a dataset without a datasource: what every page costs."""
    installation.prepare()
    from datasets.services import create_dataset
    from teams.services import create_user

    user = create_user(email="bench@example.com")
    dataset, bare = (create_dataset(name=name, owner=user) for name in ("many", "bare"))
    _index(dataset, effort.names)
    client = installation.signed_in(user.email)
    pages = (f"/datasets/{dataset.pk}/{GALLERY}", f"/datasets/{bare.pk}/contents/lightly/")
    took, floor = _took(effort, [partial(installation.get, client, page) for page in pages])
    return Measured(f"gallery of {effort.names:,} files", took, floor, "an empty page", at_most(6))


def _took(effort: Effort, ways: Sequence[Action]) -> list[float]:
    for open_page in ways:
        open_page()
    return in_turns(*ways, times=effort.times)


def _growth(effort: Effort, what: str, page: str, goal: Goal | None = None) -> Measured:
    installation.prepare()
    from datasets.services import create_dataset
    from teams.services import create_user

    user = create_user(email="bench@example.com")
    client = installation.signed_in(user.email)
    ways = []
    for name, files in (("many", effort.names), ("few", FEW)):
        dataset = create_dataset(name=name, owner=user)
        _index(dataset, files)
        ways.append(partial(installation.get, client, f"/datasets/{dataset.pk}/{page}"))
    many, few = _took(effort, ways)
    return Measured(f"{what}, {effort.names:,} files", many, few, f"{FEW:,} files", goal)


def _index(dataset: "Dataset", files: int) -> None:
    """As one is when its job has ended."""
    from django.db import transaction
    from django.utils import timezone

    from clouds import Entry
    from contents.index.rows import insert_files
    from contents.index.rules import row_of
    from contents.index.totals import Totals
    from contents.models import Index, IndexState
    from tests.contents.index.memory import connected

    source = connected(dataset)
    index = Index.objects.create(
        datasource=source,
        revision=source.revision,
        provider=source.provider,
        path=source.path,
        state=IndexState.CURRENT,
        completed_at=timezone.now(),
    )
    totals = Totals()
    for start in range(0, files, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, files))
        names = (f"dir{number // 10_000:03}/img_{number:07}.JPG" for number in numbers)
        rows = [row_of(Entry(name, 1_700_000_000, 2000, version=name[-11:])) for name in names]
        totals.add(rows, processed_until=0)
        with transaction.atomic():
            insert_files(index.pk, rows)
    Index.objects.filter(pk=index.pk).update(files=totals.files, bytes=totals.bytes, totals=totals.stored())
