"""Which version of the official client is calling, read from its User-Agent (`Lightly/1.5.26 (Linux/…)`)."""

import re

from django.http import HttpRequest

Version = tuple[int, int, int]
LAST_LENIENT: Version = (1, 4, 6)  # from 1.4.7 on the client refuses keys and values it does not know


def client_version(request: HttpRequest) -> Version | None:
    found = re.match(r"Lightly/(\d+)\.(\d+)\.(\d+)", request.headers.get("User-Agent", ""))
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
