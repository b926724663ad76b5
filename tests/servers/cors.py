"""How the clouds answer a browser's preflight request, as their documentation says. For gates whose server can't."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.servers.gate import Request, Response


@dataclass(frozen=True)
class Rule:
    origins: Sequence[str]
    methods: Sequence[str]


def matching(rules: Sequence[Rule], request: Request, *, stars_inside: bool) -> Rule | None:
    """The first rule for the request's origin and method. `stars_inside`: whether `https://*.example.com` is known."""
    origin, method = request.header("Origin"), request.header("Access-Control-Request-Method")
    for rule in rules:
        if method in rule.methods and any(_like(pattern, origin, stars_inside) for pattern in rule.origins):
            return rule
    return None


def _like(pattern: str, origin: str, stars_inside: bool) -> bool:
    if pattern == "*" or not stars_inside:
        return pattern in {"*", origin}
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), origin) is not None


def allowed(rule: Rule, request: Request) -> Response:
    everybody = "*" in rule.origins
    headers = {
        "Access-Control-Allow-Origin": "*" if everybody else request.header("Origin"),
        "Access-Control-Allow-Methods": ", ".join(rule.methods),
        "Access-Control-Max-Age": "3600",
    }
    return Response(200, headers=headers)
