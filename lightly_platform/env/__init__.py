"""The environment variables an operator can set. Knows no Django, so the launcher can stop early and cheaply."""

from lightly_platform.env.addresses import allowed_name, host_in_url, local_only, public_url
from lightly_platform.env.reader import WrongEnvironment, read_environment, variable_names
from lightly_platform.env.variables import BASE_DIR, LOCAL_HOSTS, Environment

__all__ = [
    "BASE_DIR",
    "LOCAL_HOSTS",
    "Environment",
    "WrongEnvironment",
    "allowed_name",
    "host_in_url",
    "local_only",
    "public_url",
    "read_environment",
    "variable_names",
]
