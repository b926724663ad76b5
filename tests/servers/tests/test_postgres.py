"""The throw-away PostgreSQL is a real one, and leaves nothing behind."""

from __future__ import annotations

import os

import psycopg
import pytest

from tests.servers.postgres import Postgres
from tests.servers.process import answers


def test_runs_is_reachable_from_here_only_and_goes_away() -> None:
    postgres = Postgres()
    with postgres, psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE notes (id serial PRIMARY KEY, text jsonb)")
        row = connection.execute("""INSERT INTO notes (text) VALUES ('{"ü": 1}') RETURNING text""").fetchone()
        assert row == ({"ü": 1},)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        pid, port = postgres.pid, postgres.server.port
    assert not answers(port)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres.url)
