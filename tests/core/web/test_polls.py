"""Few polls are answered at a time, and everything else as ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from core.web import polls
from core.web.polls import AT_ONCE, POLLS, PollsMiddleware

ID = "0123456789abcdef01234567"
PATHS = [
    ("dashboard:open_rows", ()),
    ("datasources:permissions", (ID, "input")),
    ("datasources:permissions", (ID, "lightly")),
    ("notifications:bell", ()),
    ("jobs:progress", (ID,)),
    ("runs:progress", (ID, ID)),
]


@pytest.mark.parametrize(("name", "arguments"), PATHS, ids=[f"{name} {len(args)}" for name, args in PATHS])
def test_it_knows_the_addresses(name: str, arguments: tuple[str, ...]) -> None:
    assert POLLS.fullmatch(reverse(name, args=arguments))


@pytest.mark.parametrize("path", ["/", "/inbox/", "/v1/datasets", f"/datasets/{ID}/settings/input/"])
def test_pages_are_none(path: str) -> None:
    assert not POLLS.fullmatch(path)


def test_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one begins when one of them has ended, also by an error; a page waits for none of them."""
    monkeypatch.setattr(polls, "_turns", threading.BoundedSemaphore(AT_ONCE))
    inside, may_end = threading.Semaphore(0), threading.Semaphore(0)

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/":
            return HttpResponse("page")
        inside.release()
        assert may_end.acquire(timeout=30)
        if request.GET:
            raise ValueError
        return HttpResponse("poll")

    middleware, factory = PollsMiddleware(answer), RequestFactory()
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        wrong = pool.submit(middleware, factory.get("/inbox/bell/", {"wrong": 1}))
        assert inside.acquire(timeout=30)
        good = [pool.submit(middleware, factory.get("/inbox/bell/")) for _ in range(AT_ONCE)]
        for _ in range(AT_ONCE - 1):
            assert inside.acquire(timeout=30)
        assert not inside.acquire(blocking=False)
        assert middleware(factory.get("/")).content == b"page"
        for _ in range(AT_ONCE + 1):
            may_end.release()
        assert isinstance(wrong.exception(timeout=30), ValueError)
        assert [each.result(timeout=30).content for each in good] == [b"poll"] * AT_ONCE
    assert inside.acquire(timeout=30)
