"""What the setup of every cloud is made of: a place, who needs what there, and texts to copy."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import TypeAdapter, ValidationError

from clouds.config import CloudConfig, Endpoints
from clouds.permissions import Permission

TOKEN_DAYS = 90


@dataclass(frozen=True)
class Snippet:
    """A text to copy. `form` names the kind (`terraform`), `note` says where to put it and what to mind."""

    form: str
    title: str
    text: str
    language: str  # json, bash, hcl
    note: str = ""


@dataclass(frozen=True)
class Platform:
    """What the setup must know of this installation and the team. Empty where nobody has said."""

    aws_principal: str = ""
    external_id: str = ""
    today: date = date(2026, 1, 1)
    endpoints: Endpoints = field(default_factory=Endpoints)

    @property
    def expires_on(self) -> date:
        """Of tokens that are to be made."""
        return self.today + timedelta(days=TOKEN_DAYS)


@dataclass(frozen=True)
class Place:
    """Where something is to be granted: a bucket, a directory in it, and what else is known. Safe to store and show.

    `facts` are the fields of the datasource that are no secret, as far as they are known (yet).
    """

    provider: str
    bucket: str
    prefix: str = ""  # empty for the whole bucket, otherwise with a slash at its end
    facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config: CloudConfig) -> Self:
        return cls(config.type, config.bucket, config.prefix, config.facts())

    @classmethod
    def typed(cls, config_class: type[CloudConfig], values: Mapping[str, str]) -> Self:
        """From what stands in a form so far: what is not valid (yet) is left out, and the path's example serves."""
        names = [name for name in config_class.fields() if name != "path" and name not in config_class.secret_fields()]
        facts = {name: text for name in names if (text := _valid(config_class, name, values.get(name, "")))}
        info = config_class.fields()["path"]
        path = _valid(config_class, "path", values.get("path", "")) or str((info.examples or [""])[0])
        bucket, _, prefix = path.removeprefix(f"{config_class.scheme}://").partition("/")
        return cls(config_class.provider_type(), bucket, prefix, facts)

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Self:
        """From what `as_dict` gave."""
        known = {name: str(value) for name, value in values.items()}
        provider, bucket, prefix = (known.pop(name, "") for name in ("provider", "bucket", "prefix"))
        return cls(provider, bucket, prefix, known)

    def as_dict(self) -> dict[str, str]:
        own = {"provider": self.provider, "bucket": self.bucket, "prefix": self.prefix}
        return {name: value for name, value in (own | dict(self.facts)).items() if value}

    def fact(self, name: str) -> str:
        """One of the facts; empty if it is not known or another cloud's."""
        return self.facts.get(name, "")

    @property
    def digest(self) -> str:
        """Tells the names of policies for different places apart."""
        return hashlib.sha256(f"{self.bucket}/{self.prefix}".encode()).hexdigest()[:8]


def _valid(config_class: type[CloudConfig], name: str, value: str) -> str:
    try:
        return str(_adapter(config_class, name).validate_python(value.strip())) if value.strip() else ""
    except ValidationError:
        return ""


@functools.cache
def _adapter(config_class: type[CloudConfig], name: str) -> TypeAdapter[Any]:
    info = config_class.fields()[name]
    # Its constraints alone: alias and default mean something in a model only.
    kind: Any = Annotated[info.annotation, name, *info.metadata]
    return TypeAdapter(kind)


@dataclass(frozen=True)
class Gap:
    """What it takes to turn red bulbs green, as far as a grant can. Empty: a grant would not help."""

    permissions: frozenset[Permission] = frozenset()  # refused, or unknown because another one is missing
    kms: frozenset[Permission] = frozenset()  # refused by the encryption key
    trust: bool = False  # the role can't be assumed
    credential: bool = False  # the credential itself is no good: a new one is needed

    def __bool__(self) -> bool:
        return bool(self.permissions or self.kms or self.trust or self.credential)


@dataclass(frozen=True)
class Request:
    """What to write texts for. `gap` None: the whole setup, before anything is there."""

    place: Place
    needs: frozenset[Permission]
    platform: Platform = field(default_factory=Platform)
    gap: Gap | None = None

    @property
    def granted(self) -> list[Permission]:
        """What the texts grant, in the order of the bulbs."""
        wanted = self.needs if self.gap is None else self.gap.permissions & self.needs
        return [permission for permission in Permission if permission in wanted]

    @property
    def name(self) -> str:
        """Of a policy: never that of another one, which it would replace."""
        kms = ["kms"] if self.gap and self.gap.kms else []
        return "-".join(["lightly", *(permission.value for permission in self.granted), *kms, self.place.digest])
