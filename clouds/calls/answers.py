"""How much of a server's answer is taken in, where people choose the server.

The largest answer that was asked for is a page of 1000 names, each of up to 1024 bytes, which may be percent-encoded.
"""

from typing import Any, TypeVar
from xml.parsers import expat

from clouds.failures import Cause, Failure, StoreError, not_storage

MOST_BYTES = 4 * 1024 * 1024
# Of an XML document. An entry of a page has up to 16 elements, and a document of a storage is some six levels deep.
MOST_ELEMENTS = 32_000
MOST_LEVELS = 32

Row = TypeVar("Row")


def too_large(status: int | None = 200) -> StoreError:
    """More than was asked for. No storage does that, and it would take this platform's time and memory."""
    return StoreError(Failure(Cause.UNKNOWN, TOO_LARGE, status))


TOO_LARGE = "AnswerTooLarge"


def asked_for(rows: list[Row], limit: int) -> list[Row]:
    """These rows of a page, if they are not more than `limit`. Raises StoreError."""
    if len(rows) > limit:
        raise too_large()
    return rows


def read_whole(answer: Any, status: int) -> bytes:
    """All bytes of an answer's body, by its `read`. Raises StoreError for too many, and what `read` raises."""
    pieces, left = [], MOST_BYTES + 1
    while left and (piece := answer.read(min(left, 64 * 1024))):
        pieces.append(piece)
        left -= len(piece)
    if not left:
        raise too_large(status)
    return b"".join(pieces)


def safe_xml(data: bytes, status: int) -> bytes:
    """The same bytes, if they are no trap for the parsers of the SDKs. What is no XML is left for them to refuse.

    An error document that declares a type (HTML of a proxy, for example) counts as none: an SDK reads nothing from it,
    and what it declares could swell to a hundred times its size. Raises StoreError.
    """
    judge = _Judge(status)
    try:
        judge.parser.Parse(data, True)
    except expat.ExpatError:
        return data
    except _TypeDeclaredError:
        if status < 300:
            raise not_storage(status) from None
        return b""
    return data


class _TypeDeclaredError(Exception):
    """There is a <!DOCTYPE …>."""


class _Judge:
    """Counts elements, without keeping anything."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.elements = self.level = 0
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._declared
        self.parser.StartElementHandler = self._begins
        self.parser.EndElementHandler = self._ends

    def _declared(self, *_: object) -> None:
        raise _TypeDeclaredError

    def _begins(self, *_: object) -> None:
        self.elements += 1
        self.level += 1
        if self.elements > MOST_ELEMENTS or self.level > MOST_LEVELS:
            raise too_large(self.status)

    def _ends(self, *_: object) -> None:
        self.level -= 1
