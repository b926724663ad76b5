"""The file for spreadsheets."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from core.formats.cells import safe_cell
from datasets.models import Dataset
from datasources.models import Purpose
from monitoring.export import COLUMNS
from teams.models import User
from tests.conftest import SECRET, Login
from tests.dashboard.test_queries import make_datasets
from tests.monitoring.furnished import NOW, add

pytestmark = pytest.mark.django_db


class TestExport:
    def rows(self, client: Client, query: dict[str, str] | None = None) -> list[dict[str, str]]:
        answer = client.get("/health/datasources.csv", query or {})
        assert answer.streaming
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert 'attachment; filename="lightly-health-' in answer["Content-Disposition"]
        return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))

    def test_what_it_tells(self, login: Login, alice: User, dataset: Dataset) -> None:
        add(dataset, Purpose.INPUT, cause="wrong_secret", expires_at=NOW)
        (row,) = self.rows(login(alice))
        assert list(row) == COLUMNS
        assert row | {} == {
            "dataset id": dataset.pk,
            "dataset": "street-scenes",
            "team": "Acme Vision",
            "owner": "alice@example.com",
            "purpose": "Input",
            "provider": "AWS S3",
            "path": "s3://acme/street/",
            "state": "Red",
            "cause": "Wrong secret",
            "list": "granted",
            "read": "denied",
            "write": "",
            "overwrite": "",
            "checked at": f"{NOW - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
            "milliseconds": "200",
            "expires at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        }

    def test_it_holds_the_filtered_rows_of_all_pages_and_no_secret(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        make_datasets(alice, 60)
        add(dataset)
        assert len(self.rows(login(alice))) == 121
        assert [row["dataset"] for row in self.rows(login(alice), {"q": "street"})] == ["street-scenes"]
        assert SECRET not in login(alice).get("/health/datasources.csv").getvalue().decode()

    def test_no_cell_is_a_formula(self, login: Login, alice: User, dataset: Dataset) -> None:
        team = dataset.team
        team.name = '=HYPERLINK("https://evil.example.com")'
        team.save()
        add(dataset, path="+cmd|calc")
        (row,) = self.rows(login(alice))
        assert row["team"] == '\'=HYPERLINK("https://evil.example.com")'
        assert row["path"] == "'+cmd|calc"

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_what_a_formula_begins_with(self, start: str) -> None:
        assert safe_cell(f"{start}1") == f"'{start}1"
        assert safe_cell("s3://a=b") == "s3://a=b"

    def test_what_another_country_takes_for_the_next_cell(self) -> None:
        assert safe_cell("s3://a/b;=1+1;-2;c/") == "s3://a/b;'=1+1;'-2;c/"
        assert safe_cell("s3://a/b; @x/") == "s3://a/b;' @x/"
