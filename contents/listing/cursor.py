"""Where a listing stands. A cursor holds all there is to know, so the server keeps nothing between two requests:
any process can go on, also after a restart, and parts of a listing can be read side by side.
"""

import re
import secrets
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

from django.core import signing

from contents.listing.errors import CursorError, CursorProblem, Named, WrongNameError
from contents.listing.opening import datasource_for
from contents.listing.relevant_filenames import is_clean
from contents.listing.signing import only_through_this_server
from contents.listing.walker import Range
from datasets.models import Dataset
from datasources.models import Purpose

_TASK = re.compile(r"[a-zA-Z0-9_+=,.@:/-]+")
# The salt and the order of the fields below stay as they are: cursors of an older release are still in use after an
# upgrade. A new field goes to the end and has a default.
_SALT = "datasources.listing"


class Kind(StrEnum):
    SAMPLES = "samples"
    PREDICTIONS = "predictions"
    METADATA = "metadata"


@dataclass(frozen=True)
class Cursor:
    """Who lists what, and where they are. `start` and `end` are Unix seconds, both included.

    `after` and `until` are the rest of the range of names to list, relative to the listed folder (see walker.Range).
    `given`: how many files count as listed before. Where the cloud signs slowly, only so many get signed URLs.
    """

    dataset_id: str
    user_id: str
    datasource_id: str
    revision: int
    kind: Kind
    task: str
    start: int | None
    end: int | None
    relevant_file: str
    redirect: bool
    run: str  # of all cursors that came of one first request
    after: str = ""
    until: str = ""
    done: bool = False
    given: int = 0

    @property
    def range(self) -> Range:
        return Range(self.after, self.until)

    def sealed(self) -> str:
        return signing.dumps(astuple(self), salt=_SALT, compress=True)


def unseal_cursor(text: str, *, dataset: Dataset, user_id: str, kind: Kind, task: str) -> Cursor:
    """Raises CursorError for a cursor that this server didn't give to this person for this listing."""
    try:
        values = signing.loads(text, salt=_SALT)
        cursor = Cursor(*values)
        cursor = replace(cursor, kind=Kind(cursor.kind))
    except (signing.BadSignature, TypeError, ValueError):
        raise CursorError(CursorProblem.UNKNOWN) from None
    if (cursor.dataset_id, cursor.user_id, cursor.kind) != (dataset.pk, user_id, kind) or task not in ("", cursor.task):
        raise CursorError(CursorProblem.OTHER_LISTING)
    return cursor


def new_cursor(
    *,
    dataset: Dataset,
    user_id: str,
    kind: Kind,
    task: str = "",
    start: int | None = None,
    end: int | None = None,
    relevant_file: str = "",
    redirect: bool = False,
) -> Cursor:
    """The whole listing, at its beginning. Raises NoDatasourceError and WrongNameError."""
    datasource = datasource_for(dataset, Purpose.INPUT if kind is Kind.SAMPLES else Purpose.LIGHTLY)
    if kind is Kind.PREDICTIONS and not (_TASK.fullmatch(task) and is_clean(task)):
        raise WrongNameError(Named.TASK)
    if relevant_file and not is_clean(relevant_file):
        raise WrongNameError(Named.RELEVANT_FILE)
    return Cursor(
        dataset_id=dataset.pk,
        user_id=user_id,
        datasource_id=datasource.pk,
        revision=datasource.revision,
        kind=kind,
        task=task,
        start=start,
        end=end,
        relevant_file=relevant_file,
        redirect=redirect or only_through_this_server(datasource),
        run=secrets.token_urlsafe(6),
    )


def redirected(cursor: Cursor) -> Cursor:
    """The same, with URLs of this server."""
    return replace(cursor, redirect=True)
