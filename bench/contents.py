"""The pages of the Contents tab with a few and with a million files: they should not feel the difference."""

from functools import partial
from typing import TYPE_CHECKING

from bench import installation
from bench.measuring import Effort, Measured, median_ms

if TYPE_CHECKING:
    from datasets.models import Dataset

FEW, MANY, QUICK_MANY = 1_000, 1_000_000, 10_000
AT_ONCE = 50_000
GALLERY = "contents/input/gallery/?after=dir000/img_0000500.JPG"


def overview(effort: Effort) -> Measured:
    return _growth(effort, "overview", "contents/input/")


def problem(effort: Effort) -> Measured:
    return _growth(effort, "files with a problem", "contents/input/upper-case-extension/")


def search(effort: Effort) -> Measured:
    return _growth(effort, "search that finds nothing", "contents/input/search/?q=no-such-name")


def gallery(effort: Effort) -> Measured:
    return _growth(effort, "gallery", GALLERY)


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
    _index(dataset, MANY if effort.times > 1 else QUICK_MANY)
    client = installation.signed_in(user.email)
    durations = []
    for page in (f"/datasets/{dataset.pk}/{GALLERY}", f"/datasets/{bare.pk}/contents/lightly/"):
        open_page = partial(installation.get, client, page)
        open_page()
        durations.append(median_ms(open_page, effort.times))
    return Measured("gallery against an empty page", durations[0], "an empty page", durations[1])


def _growth(effort: Effort, what: str, page: str) -> Measured:
    installation.prepare()
    from datasets.services import create_dataset
    from teams.services import create_user

    user = create_user(email="bench@example.com")
    count = MANY if effort.times > 1 else QUICK_MANY
    client = installation.signed_in(user.email)
    durations = []
    for name, files in (("few", FEW), ("many", count)):
        dataset = create_dataset(name=name, owner=user)
        _index(dataset, files)
        open_page = partial(installation.get, client, f"/datasets/{dataset.pk}/{page}")
        open_page()
        durations.append(median_ms(open_page, effort.times))
    return Measured(f"{what}: {FEW:,} files against {count:,}", durations[0], f"{count:,} files", durations[1])


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
