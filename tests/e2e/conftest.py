"""One browser, one installation and its people for all tests in a real browser; each test has a team of its own."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor, chromium
from tests.e2e.support.stack import Stack
from tests.servers import WORKING_RIGHTS, Cloud, Config, Right

expect.set_options(timeout=10_000)

Visit = Callable[..., Visitor]
NewStack = Callable[..., Stack]
READING = {Right.LIST, Right.READ}


# Scope "package", not "session": while Playwright runs, this thread has a running event loop, and Django refuses to
# touch a database then. Other packages' tests may come after these.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def stack(cloud_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`make run`, shared by all tests that leave its processes alone. Somebody exists: the welcome page is closed."""
    with Stack(tmp_path_factory.mktemp("stack"), cloud_environment) as stack:
        stack.run()
        stack.backstage.person("first")
        yield stack


@pytest.fixture
def new_stack(cloud_environment: dict[str, str], tmp_path: Path) -> Iterator[NewStack]:
    """Installations for one test alone, not started; with further variables of the environment."""
    stacks: list[Stack] = []

    def make(**environment: str) -> Stack:
        stacks.append(Stack(tmp_path / f"stack-{len(stacks)}", {**cloud_environment, **environment}))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failure come the last lines of what the product's processes said, and a picture of what was on screen."""
    report = yield
    if report.when != "call" or not report.failed:
        return report
    for value in item.funcargs.values():
        if isinstance(value, Stack):
            for log in sorted(value.logs.iterdir()):
                report.sections.append((f"log of {log.stem}", log.read_text(errors="replace")[-3000:]))
        if isinstance(value, Visitor):
            picture = tempfile.mkstemp(prefix=f"{item.name[:60]}-", suffix=".png")[1]
            with contextlib.suppress(PlaywrightError):
                value.page.screenshot(path=picture)
                report.sections.append(("what was on screen", picture))
    return report


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Unique to the test, good as the name of a person or a dataset."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


@pytest.fixture
def person(stack: Stack, name: str) -> Person:
    """Signed in, and owner of a team nobody else is in."""
    return stack.backstage.person(name)


@pytest.fixture
def visit(browser: Browser, stack: Stack, tmp_path: Path) -> Iterator[Visit]:
    """Opens browser windows, by default nobody's, on the shared installation. Asserts that nothing went wrong there."""
    visitors: list[Visitor] = []

    def open_window(who: Person | None = None, *, at: Stack = stack, record: bool = False, **options: Any) -> Visitor:
        har = tmp_path / f"{len(visitors)}.har" if record else None
        visitors.append(Visitor(browser, at.url, session=who["session"] if who else "", har=har, **options))
        return visitors[-1]

    yield open_window
    for visitor in visitors:
        visitor.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []


@pytest.fixture
def visitor(visit: Visit, person: Person) -> Visitor:
    return visit(person)


@pytest.fixture(scope="session")
def axe() -> Axe:
    return Axe()


@pytest.fixture
def cloud(clouds: dict[str, Cloud], request: pytest.FixtureRequest) -> Cloud:
    """The provider a test names with `every_provider`, else S3."""
    return clouds[getattr(request, "param", "S3")]


every_provider = pytest.mark.parametrize(
    "cloud", ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"], indirect=True
)


def filled_bucket(cloud: Cloud) -> str:
    """A bucket with something to read in `input/` and `lightly/`."""
    bucket = cloud.make_bucket()
    for key in ("input/image.jpg", "lightly/image.jpg"):
        cloud.put(bucket, key, b"not really an image")
    return bucket


def reader(cloud: Cloud, bucket: str, prefix: str = "input/") -> Config:
    return cloud.grant(bucket, prefix, READING)


def writer(cloud: Cloud, bucket: str, prefix: str = "lightly/") -> Config:
    return cloud.grant(bucket, prefix, WORKING_RIGHTS)
