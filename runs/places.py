"""Where the files that a run reads and writes lie in the Lightly datasource. Names are relative to its root."""

from __future__ import annotations

from contents.listing.folder import EMBEDDINGS_FOLDER, LIGHTLY_FOLDER

RUNS_FOLDER = f"{LIGHTLY_FOLDER}runs/"


def relevant_file_name(configured: str) -> str:
    """Of the configuration's key `relevantFilenamesFile`, which is relative to `.lightly/`, or begins with it."""
    return configured if configured.startswith(LIGHTLY_FOLDER) else f"{LIGHTLY_FOLDER}{configured}"


def embeddings_file_name(configured: str) -> str:
    """Of the configuration's key `embeddings`, which is relative to `.lightly/embeddings/`, or begins with that."""
    return configured if configured.startswith(LIGHTLY_FOLDER) else f"{EMBEDDINGS_FOLDER}{configured}"


def embeddings_name(stamp: str) -> str:
    """Of the embeddings that a run writes."""
    return f"{EMBEDDINGS_FOLDER}default_{stamp}.csv"


def folder_of_run(run_id: str) -> str:
    """What a run keeps there while it works."""
    return f"{RUNS_FOLDER}{run_id}/"
