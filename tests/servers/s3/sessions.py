"""AWS sessions of the tests' own process, of which each takes a tenth of a second to make."""

from __future__ import annotations

import os

import boto3


class Sessions:
    """Stands in for `clouds.s3.clients._session`: a session is kept for each identity that the environment gives.

    What a session knows of the machine comes from AWS_* variables, so a test that changes them gets another session,
    and one that has the same again gets the one there was. `cache_clear` is for what changes behind them, as a file.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[tuple[str, str], ...], boto3.session.Session] = {}

    def __call__(self) -> boto3.session.Session:
        identity = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
        if identity not in self._made:
            self._made[identity] = boto3.session.Session()
        return self._made[identity]

    def cache_clear(self) -> None:
        self._made.clear()
