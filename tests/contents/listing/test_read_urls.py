"""Read URLs of this server."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from contents.listing import pages, signing
from datasets.models import Dataset
from datasets.services import create_dataset, share_dataset
from datasources.models import Purpose
from teams.models import Membership, User
from tests.conftest import Call
from tests.contents.support import IMAGES, INPUT, Listings, Storage, fetch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]


def test_redirected_urls_carry_a_token_of_their_own(
    connected: Dataset, storage: Storage, listings: Listings, client: Client
) -> None:
    shard = listings.answer("list/dnc", dncShards=1)["cursors"][0]
    for rows in [
        listings.all("list", useRedirectedReadUrl="True"),
        listings.all("list", cursor=shard, useRedirectedReadUrl="True"),
    ]:
        assert sorted(row["fileName"] for row in rows) == sorted(IMAGES)
        for row in rows:
            assert row["readUrl"].startswith(f"http://testserver{listings.path}/readurlRedirect?")
            assert listings.script.token not in row["readUrl"]
        assert fetch(rows[0]["readUrl"], client).content == f"this is {INPUT}{rows[0]['fileName']}".encode()
        assert fetch(rows[0]["readUrl"], client, "HEAD").status_code == 200
    direct = listings.all("list", useRedirectedReadUrl="False")[0]["readUrl"]
    assert direct.startswith("http://testserver/") is (storage.cloud.provider == "S3DelegatedAccess")


SMALL_PAGE, FEW = 5, 12


def test_slow_signatures_are_few(
    connected: Dataset, storage: Storage, listings: Listings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", SMALL_PAGE)
    monkeypatch.setattr(pages, "ENOUGH", 1)
    monkeypatch.setattr(signing, "MOST_SLOW_SIGNATURES", FEW)
    slow = {"GCS"}
    always = {"S3DelegatedAccess"}

    def ours(**query: object) -> list[list[bool]]:
        """Of each page, which URLs are this server's."""
        found = []
        for rows in listings.pages("list", **query):
            found.append([row["readUrl"].startswith("http://testserver/") for row in rows])
            for row in rows:
                assert fetch(row["readUrl"], client).content == f"this is {INPUT}{row['fileName']}".encode()
        assert sum(len(page) for page in found) <= len(IMAGES)
        return found

    if storage.cloud.provider in slow:
        whole = ours(useRedirectedReadUrl="False")
        direct = [len(page) for page in whole if not any(page)]
        assert 0 < sum(direct) <= FEW
        assert whole[: len(direct)] == [[False] * count for count in direct]
        assert all(all(page) for page in whole[len(direct) :])
        cursors = listings.answer("list/dnc", dncShards=3)["cursors"]
        assert len(cursors) > 1
        signed = [sum(not each for page in ours(cursor=cursor) for each in page) for cursor in cursors]
        assert sum(signed) <= FEW
    else:
        assert {each for page in ours() for each in page} == {storage.cloud.provider in always}


def test_a_page_says_whose_its_urls_are(on_s3: Dataset, listings: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(**query: object) -> str:
        answer = listings.ask("list", **query)
        return str(answer.headers["Lightly-Read-Urls"])

    assert (said(), said(useRedirectedReadUrl="True")) == ("direct", "redirected")
    monkeypatch.setattr(signing, "MOST_SLOW_SIGNATURES", 1)
    assert said() == "direct"


def test_redirected_urls_end(
    on_s3: Dataset, listings: Listings, client: Client, call: Call, alice: User, bob: User, charlie: User
) -> None:
    url = listings.all("list", useRedirectedReadUrl="True")[0]["readUrl"]
    bobs = Listings(call(bob), on_s3).all("list", useRedirectedReadUrl="True")[0]["readUrl"]
    other = create_dataset(name="other", owner=charlie)

    def status(address: str) -> int:
        return client.get(address).status_code

    assert (status(url), status(bobs)) == (302, 302)
    token = parse_qs(urlsplit(url).query)["publicToken"][0]
    assert status(url.replace(on_s3.pk, other.pk)) == 401
    assert status(url[:-2]) == 401
    assert status(url.split("&publicToken")[0]) == 422
    # It opens this datasource's files and nothing beside it.
    assert status(url.split("?")[0] + f"?path=../out/x&publicToken={token}") == 422
    # Not a key to anything else.
    assert client.get(f"/v1/datasets/{on_s3.pk}", {"token": token}).status_code == 401
    Membership.objects.filter(user=bob).delete()
    assert (status(url), status(bobs)) == (302, 404)
    share_dataset(dataset=on_s3, emails=[bob.email])
    assert status(bobs) == 302
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert status(bobs) == 404
    call_command("revokereadurls", on_s3.pk)
    assert status(url) == 401
    assert status(listings.all("list", useRedirectedReadUrl="True")[0]["readUrl"]) == 302
    on_s3.datasources.filter(purpose=Purpose.INPUT).delete()
    assert status(url) == 401
    with pytest.raises(CommandError):
        call_command("revokereadurls", "0" * 24)
