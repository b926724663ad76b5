"""Reads the variables that variables.py declares.

Every variable NAME may also come as NAME_FILE, the path of a file that holds the value (a mounted secret).
A wrong value ends the program with one sentence. The value of a secret never appears in that sentence.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightly_platform import traces
from lightly_platform.env.declaring import Variable
from lightly_platform.env.variables import Environment, variables


class WrongEnvironment(SystemExit):
    """Python prints the sentence to stderr and exits with 1, without a traceback."""


def read_environment(environ: Mapping[str, str] | None = None) -> Environment:
    """The variables of `environ`, or of this process. Raises WrongEnvironment with one sentence for the operator."""
    environ = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    for field, variable in variables().items():
        text = _text(environ, variable)
        if text is not None:
            given[field] = _parsed(variable, text)
    environment = Environment(**given)
    if environment.database_url:
        _demand_own_keys(environment)
    _demand_whole_oidc(environment)
    if environment.traces and not traces.is_installed():
        raise WrongEnvironment(
            "LIGHTLY_TRACES is 1, but the packages for traces are not installed; install them with `make traces`, or"
            " pip install --require-hashes -r requirements-traces.lock, or unset LIGHTLY_TRACES."
        )
    return environment


def variable_names() -> list[str]:
    """All variables there are, in the order in which they are declared."""
    return [variable.name for variable in variables().values()]


def _text(environ: Mapping[str, str], variable: Variable) -> str | None:
    """The value without surrounding white space; None when unset or empty."""
    name, name_of_path = variable.name, variable.name_of_path
    value, path = environ.get(name), environ.get(name_of_path)
    if value and path:
        raise WrongEnvironment(f"{name} and {name_of_path} are both set; keep only one of them, for example {name}.")
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise WrongEnvironment(
                f"{name_of_path} names the file {path}, which can't be read ({why}); name a readable text file,"
                f" for example {name_of_path}=/run/secrets/{name.lower()}."
            ) from None
        if not value.strip():
            raise WrongEnvironment(
                f"{name_of_path} names the file {path}, which is empty; put the value into it, or unset {name_of_path}."
            )
    return (value or "").strip() or None


def _parsed(variable: Variable, text: str) -> object:
    try:
        return variable.parse(text)
    except ValueError:
        shown = "has a wrong value (not shown here, it is secret)" if variable.secret else f"is {text!r}"
        raise WrongEnvironment(
            f"{variable.name} {shown}; it must be {variable.must}, for example {variable.name}={variable.example}."
        ) from None


def _demand_whole_oidc(environment: Environment) -> None:
    parts = [variables()[field] for field in ("oidc_server_url", "oidc_client_id", "oidc_client_secret")]
    names = [variable.name for variable in parts]
    given = [environment.oidc_server_url, environment.oidc_client_id, environment.oidc_client_secret]
    missing = [name for name, value in zip(names, given, strict=True) if not value]
    if missing and len(missing) < len(names):
        raise WrongEnvironment(
            f"{missing[0]} is missing: single sign-on needs {', '.join(names)} together; set all of them, or none."
        )


def _demand_own_keys(environment: Environment) -> None:
    """Keys generated on one machine would be unknown to the next one that opens the same database."""
    keys = {"secret_key": environment.secret_key, "encryption_keys": environment.encryption_keys}
    missing = [variables()[field] for field, value in keys.items() if not value]
    if missing:
        asked = " and ".join(f"{variable.name} (for example {variable.example})" for variable in missing)
        raise WrongEnvironment(
            f"DATABASE_URL is set, so this deployment must bring its own keys: set {asked}, and keep them safe."
        )
