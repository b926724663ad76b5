"""Where an installation is reached, told from its variables."""

from __future__ import annotations

from lightly_platform.env.variables import Environment


def public_url(environment: Environment) -> str:
    """Where people find it, unless the operator says: behind a TLS proxy that is the first allowed host."""
    if environment.https and (name := allowed_name(environment)):
        return f"https://{name}"
    return f"http://{host_in_url(environment)}:{environment.port}"


def host_in_url(environment: Environment) -> str:
    """The address the server listens on as a URL spells it, for a visitor on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(environment.bind, environment.bind)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def allowed_name(environment: Environment) -> str | None:
    """The first host name that ALLOWED_HOSTS gives; None if it gives none."""
    return next((host.removeprefix(".") for host in environment.allowed_hosts if host != "*"), None)
