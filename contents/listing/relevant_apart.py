"""Reads a relevant filenames file in a process of its own.

A file of 32 MB takes seconds and hundreds of MB to read and sort, and while Python sorts, no other thread of a web
process goes ahead. So a child does it, with limits, and at a lower priority. It writes what it found into a file
without a name, which is mapped into memory here and goes when nobody looks at it any more.

`python -m contents.listing.relevant_apart` is the child: the file comes on its standard input.
"""

import json
import mmap
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import IO

from contents.listing.relevant_filenames import (
    Parts,
    RelevantFilenames,
    RelevantFilenamesError,
    Rule,
    names_of_parts,
    parse_relevant_filenames,
    read_lines,
)
from contents.listing.sorted_names import SortedNames, packed

# Up to here a process of its own would take longer than the reading.
SMALL_BYTES = 64 * 1024
# Of the child.
MOST_SECONDS = 30
_MOST_MEMORY = 1024**3
TOO_MUCH = "This file takes too much time or memory to read. Split it."
_ROOT = Path(__file__).resolve().parents[2]


def read_apart(pieces: Iterable[bytes], directory: Path) -> tuple[RelevantFilenames, int]:
    """What the file says, and how many bytes of disk that takes, in `directory`.

    Raises RelevantFilenamesError; OSError if the disk is full.
    """
    with tempfile.TemporaryFile(dir=directory) as content:
        for piece in pieces:
            content.write(piece)
        size = content.tell()
        content.seek(0)
        if size <= SMALL_BYTES:
            return parse_relevant_filenames(content.read()), size
        with tempfile.TemporaryFile(dir=directory) as result:
            _run(content, result)
            return _opened(result)


def _run(content: IO[bytes], result: IO[bytes]) -> None:
    # Nothing of this process's environment: there are secrets in it.
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "contents.listing.relevant_apart"]
    try:
        ended = subprocess.run(
            command, stdin=content, stdout=result, stderr=subprocess.DEVNULL, env=environment, timeout=MOST_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise RelevantFilenamesError(f"It takes more than {MOST_SECONDS} s to read this file. Split it.") from None
    if ended.returncode < 0:  # killed, by its limit of time
        raise RelevantFilenamesError(TOO_MUCH)
    if ended.returncode:
        raise RuntimeError(f"The process that reads relevant filenames files ended with status {ended.returncode}.")


def _opened(result: IO[bytes]) -> tuple[RelevantFilenames, int]:
    data = memoryview(mmap.mmap(result.fileno(), 0, access=mmap.ACCESS_READ))
    length = int.from_bytes(data[:8], "little")
    header = json.loads(bytes(data[8 : 8 + length]))
    if "error" in header:
        raise RelevantFilenamesError(header["error"])
    at = 8 + length
    parts = {}
    for name, (ends, text) in header["parts"].items():
        parts[name] = SortedNames(data[at : at + ends], data[at + ends : at + ends + text])
        at += ends + text
    return RelevantFilenames(Parts(**parts), [Rule(*rule) for rule in header["rules"]]), len(data)


def main() -> None:
    os.nice(10)
    for kind, most in ((resource.RLIMIT_AS, _MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS)):
        resource.setrlimit(kind, (most, most))
    try:
        _write(*_told(sys.stdin.buffer.read()))
    except RelevantFilenamesError as error:
        _write({"error": str(error)}, [])
    except MemoryError:
        _write({"error": TOO_MUCH}, [])


def _told(content: bytes) -> tuple[dict[str, object], list[bytes]]:
    """What the file says, as `_opened` reads it."""
    names, rules = read_lines(content)
    found = names_of_parts(names, rules)
    parts = {part.name: packed(found[part.name]) for part in fields(Parts)}
    sizes = {name: [len(ends), len(text)] for name, (ends, text) in parts.items()}
    excluding = [[rule.prefix, rule.patterns] for rule in rules if rule.patterns]
    return {"parts": sizes, "rules": excluding}, [piece for part in parts.values() for piece in part]


def _write(header: dict[str, object], pieces: Iterable[bytes]) -> None:
    head = json.dumps(header).encode()
    sys.stdout.buffer.writelines([len(head).to_bytes(8, "little"), head, *pieces])


if __name__ == "__main__":
    main()
