"""How bad a problem is, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


SEVERITY_WORDS = {
    Severity.ERROR: gettext_noop("Error"),
    Severity.WARNING: gettext_noop("Warning"),
    Severity.HINT: gettext_noop("Hint"),
}
# The looks of chips and dots, see static/css/controls.css.
LOOKS = {Severity.ERROR: "denied", Severity.WARNING: "unknown", Severity.HINT: "off"}


@dataclass(frozen=True)
class Explained:
    """`slug`: in addresses and in the REST API."""

    slug: str
    severity: Severity
    why: str
    fix: str
