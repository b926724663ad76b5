"""Where an installation is reached, told from its variables."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from lightly_platform.env.variables import LOCAL_HOSTS, Environment


def public_url(environment: Environment) -> str:
    """Where people find it, unless the operator says: behind a TLS proxy that is the first allowed host."""
    if environment.https and (name := allowed_name(environment)):
        return f"https://{name}"
    return f"http://{host_in_url(environment)}:{environment.port}"


def local_only(environment: Environment) -> bool:
    """Whether the server is for its own machine: nothing says that others reach it, or a proxy for them."""
    origins = [*environment.csrf_trusted_origins, *filter(None, [environment.public_url])]
    names = [*environment.allowed_hosts, *(urlsplit(origin).netloc.rpartition("@")[2] for origin in origins)]
    return (
        ipaddress.ip_address(environment.bind).is_loopback
        and not environment.https
        and not environment.trusted_proxies
        and all(_is_local(name) for name in names)
    )


def _is_local(name: str) -> bool:
    """Of a host with or without a port."""
    return any(name == host or name.startswith(f"{host}:") for host in LOCAL_HOSTS)


def host_in_url(environment: Environment) -> str:
    """The address the server listens on as a URL spells it, for a visitor on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(environment.bind, environment.bind)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def allowed_name(environment: Environment) -> str | None:
    """The first host name that ALLOWED_HOSTS gives; None if it gives none."""
    return next((host.removeprefix(".") for host in environment.allowed_hosts if host != "*"), None)
