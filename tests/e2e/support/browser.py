"""A person in front of a real browser, and what every page of the product promises whoever looks at it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

from scripts.chromium import find
from tests.servers.node import ensure_node_modules

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}

_REFUSED_BY_SERVER = re.compile(r"the server responded with a status of (\d+)")


def chromium() -> str:
    return os.environ.get("LIGHTLY_TEST_CHROMIUM") or find()


class Visitor:
    """One person with a browser window. `problems` collects what must not happen on any page.

    That is: errors and warnings on the console (breaches of the content security policy come there too), scripts that
    fail, requests to anybody but the product, answers with an error status that the test did not announce.
    """

    def __init__(self, browser: Browser, url: str, *, session: str = "", har: Path | None = None, **options: Any):
        self.url = url
        self.problems: list[str] = []
        # From where videos may come too, once a test says so.
        self.media_host = ""
        self.requests: list[str] = []
        """Method and path of all that the browser asked for, without static files."""
        # 422 is how a form with errors comes back.
        self.expected_statuses = {422}
        self._har = har
        if har:
            options |= {"record_har_path": har, "record_har_content": "embed"}
        self.context: BrowserContext = browser.new_context(base_url=url, **{"viewport": DESKTOP, **options})
        self.context.set_default_timeout(15_000)
        if session:
            self.context.add_cookies([{"name": "lightly_session", "value": session, "url": url}])
        self.context.add_init_script("window.hostile = () => console.error('a script out of a name ran')")
        self.context.on("dialog", self._dialog)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        self.context.on("request", self._request)
        self.page: Page = self.context.new_page()

    def close(self) -> None:
        self.context.close()

    def responses(self) -> list[str]:
        """Everything the server sent to this browser, headers included. Only after close(), and if made with `har`."""
        if self._har is None:
            raise RuntimeError("this visitor has not recorded anything")
        entries = json.loads(self._har.read_text())["log"]["entries"]
        return [json.dumps(entry["response"], ensure_ascii=False) for entry in entries]

    def count(self, path: str) -> int:
        """How many requests so far had this in their path."""
        return sum(path in request for request in self.requests)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning", "assert"}:
            return
        status = _REFUSED_BY_SERVER.search(message.text)
        if not status or int(status[1]) not in self.expected_statuses:
            self.problems.append(f"console: {message.text} ({message.location})")

    def _dialog(self, dialog: Dialog) -> None:
        """Nothing of ours opens the browser's own."""
        self.problems.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"data", "blob"}:
            return
        host = f"{parts.scheme}://{parts.netloc}"
        if host != self.url and not (request.resource_type == "media" and host == self.media_host):
            self.problems.append(f"request to another host: {request.url}")
        if not parts.path.startswith("/static/"):
            self.requests.append(f"{request.method} {parts.path}")


def no_sideways_scrolling(page: Page) -> None:
    page.wait_for_load_state()  # a page that has only begun to arrive has no root element
    width, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= room, f"{page.url} is {width} px wide in a window of {room} px"


class Axe:
    """axe-core, with all its rules, those for best practice included."""

    def __init__(self) -> None:
        self._source = (ensure_node_modules() / "axe-core" / "axe.min.js").read_text()

    def violations(self, page: Page, *, only: str | None = None) -> list[str]:
        """What it finds wrong with the page as it looks now, all rules or this one: a line per rule and element."""
        # Not as a <script>, which the content security policy would refuse; the policy stays as visitors have it.
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(f"{self._source}\nnull")
        options = {"reporter": "v1", "resultTypes": ["violations"]} | ({"runOnly": [only]} if only else {})
        found = page.evaluate("async options => (await axe.run(options)).violations", options)
        return [
            f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]
