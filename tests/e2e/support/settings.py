"""The settings of a dataset as people work with them: in the dialog, or on a page of their own."""

from __future__ import annotations

import contextlib
import re

from playwright.sync_api import Locator, Page, expect

from clouds import PROVIDERS
from tests.servers import Config

# So long may a check take before a test fails. One with an answering cloud takes a fraction of a second.
CHECK_MS = 20_000


def fields_of(config: Config) -> dict[str, str]:
    """The labels of a config's fields with what to type into them."""
    fields = PROVIDERS[config["type"]].config_class.fields().values()
    return {str(info.title): config[str(info.alias)] for info in fields if str(info.alias) in config}


def secret_label(provider: str) -> str:
    """The label of the provider's write-only field; empty where there is none."""
    config_class = PROVIDERS[provider].config_class
    return next((str(config_class.fields()[name].title) for name in config_class.secret_fields()), "")


class Settings:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".settings")
        self.save = self.root.get_by_role("button", name="Save and check")
        self.status = self.root.locator(".settings__status")

    def open(self, name: str) -> Settings:
        """With the gear of the dataset on the home page."""
        gear = self.page.get_by_role("link", name=f"Settings of {name}", exact=True)
        for _ in range(3):  # a row that is fetched anew at this very moment swallows the click, as it would a person's
            if not self.root.is_visible():
                gear.click()
            with contextlib.suppress(AssertionError):
                expect(self.root).to_be_visible(timeout=4000)
                break
        self.expect_title(name)
        return self

    def expect_title(self, name: str) -> None:
        """In the head of the dialog, or of the dataset's page."""
        expect(self.page.locator("#dialog-title, main h1").last).to_have_text(name)

    def tab(self, name: str) -> Settings:
        self.root.evaluate("section => section.setAttribute('data-before', '')")
        tabs = self.root.get_by_role("navigation", name="Settings of")
        tabs.get_by_role("link", name=re.compile(rf"^{name}\b")).click()
        expect(self.page.locator(".settings:not([data-before])")).to_be_visible()
        expect(tabs.locator("[aria-current=page]")).to_have_text(re.compile(rf"^{name}\b"))
        return self

    def choose(self, provider: str) -> Settings:
        chooser = self.root.get_by_role("navigation", name="Provider")
        choice = chooser.get_by_role("link", name=PROVIDERS[provider].short, exact=True)
        if choice.get_attribute("aria-current") != "true":
            choice.click()
            expect(choice).to_have_attribute("aria-current", "true")
        return self

    def field(self, label: str) -> Locator:
        return self.root.get_by_label(self._label(label))

    def expect_error(self, label: str, words: str) -> None:
        """Beside the field, and told by assistive technology together with it."""
        field = self.field(label)
        expect(field).to_have_accessible_description(re.compile(re.escape(words)))
        expect(field).to_have_attribute("aria-invalid", "true")
        beside = self.root.locator(".field").filter(has=self.page.get_by_label(self._label(label)))
        expect(beside.locator(".field__error")).to_contain_text(words)

    @staticmethod
    def _label(label: str) -> re.Pattern[str]:
        return re.compile(rf"^{re.escape(label)}( \*)?$")

    def fill(self, config: Config) -> Settings:
        self.choose(config["type"])
        for label, value in fields_of(config).items():
            self.field(label).fill(value)
        return self

    def submit(self) -> None:
        """Save, and wait until the answer is on the screen."""
        form = self.page.locator("#datasource-form")
        form.evaluate("form => form.setAttribute('data-before', '')")
        self.save.click()
        expect(self.page.locator("#datasource-form:not([data-before])")).to_be_visible()

    def bulb(self, permission: str) -> Locator:
        """In the panel beside the form; its text is its verdict in one word."""
        heading = self.page.get_by_role("heading", name=permission, exact=True)
        return self.root.locator(".permission").filter(has=heading).locator(".bulb")

    def reason(self, permission: str) -> Locator:
        heading = self.page.get_by_role("heading", name=permission, exact=True)
        return self.root.locator(".permission").filter(has=heading)

    def expect_bulbs(self, **words: str) -> None:
        for permission, word in words.items():
            expect(self.bulb(permission.capitalize())).to_have_text(word, timeout=CHECK_MS)

    def close(self) -> None:
        self.root.get_by_role("button", name="Close settings").click()
        expect(self.root).to_have_count(0)


class Row:
    """One dataset on the home page."""

    def __init__(self, page: Page, dataset: str) -> None:
        self.page = page
        self.dataset = dataset
        self.root = page.locator(f"#dataset-{dataset}")

    def bulb(self, purpose: str, permission: str) -> Locator:
        return self.page.locator(f"#bulb-{self.dataset}-{purpose}-{permission}")

    def tip(self, purpose: str, permission: str) -> Locator:
        return self.page.locator(f"#tip-{self.dataset}-{purpose}-{permission}")

    def expect_bulbs(self, purpose: str, **words: str) -> None:
        label = purpose.capitalize()
        for permission, word in words.items():
            expected = f"{label} {permission.capitalize()}: {word}"
            expect(self.bulb(purpose, permission)).to_have_accessible_name(expected, timeout=CHECK_MS)
