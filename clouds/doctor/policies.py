"""What the setup of every cloud is made of: a place, who needs what there, and texts to copy."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import TypeAdapter, ValidationError

from clouds import CloudConfig, Failure
from clouds.doctor.probe import Permission, State

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

    @property
    def expires_on(self) -> date:
        """Of tokens that are to be made."""
        return self.today + timedelta(days=TOKEN_DAYS)


@dataclass(frozen=True)
class Place:
    """The fields of a datasource that are no secret; empty where they are not known (yet). Safe to store and show."""

    provider: str
    bucket: str
    prefix: str = ""  # empty for the whole bucket, otherwise with a slash at its end
    region: str = ""
    kms_key_arn: str = ""
    access_key_id: str = ""
    role_arn: str = ""
    external_id: str = ""
    account: str = ""
    project_id: str = ""
    service_account: str = ""
    endpoint: str = ""

    @classmethod
    def of(cls, config: CloudConfig) -> Self:
        names = {item.name for item in fields(cls)} & set(config.fields()) - set(config.secret_fields())
        known = {name: str(value) for name in names if (value := getattr(config, name)) is not None}
        if config.type == "GCS":
            known["service_account"] = config.principal
        return cls(provider=config.type, bucket=config.bucket, prefix=config.prefix, **known)

    @classmethod
    def typed(cls, config_class: type[CloudConfig], values: Mapping[str, str]) -> Self:
        """From what stands in a form so far: what is not valid (yet) is left out, and the path's example serves."""
        names = {item.name for item in fields(cls)} & set(config_class.fields()) - set(config_class.secret_fields())
        known = {name: text for name in names if (text := _valid(config_class, name, values.get(name, "")))}
        info = config_class.fields()["path"]
        path = _valid(config_class, "path", values.get("path", "")) or str((info.examples or [""])[0])
        bucket, _, prefix = path.removeprefix(f"{config_class.scheme}://").partition("/")
        return cls(provider=config_class.model_fields["type"].default, bucket=bucket, prefix=prefix, **known)

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Self:
        return cls(**{item.name: str(values.get(item.name, "")) for item in fields(cls)})

    def as_dict(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

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

    permissions: frozenset[Permission] = frozenset()  # refused, or untold for want of another one
    kms: frozenset[Permission] = frozenset()  # refused by the encryption key
    trust: bool = False  # the role can't be assumed
    credential: bool = False  # the credential itself is no good: a new one is needed

    def __bool__(self) -> bool:
        return bool(self.permissions or self.kms or self.trust or self.credential)


_OF_CREDENTIALS = {"expired", "not_yet_valid", "credential_refused", "wrong_secret", "unknown_key"}


def gap(outcomes: Mapping[Permission, tuple[State, str]]) -> Gap:
    """From the state and the cause of each bulb."""
    causes = {permission: cause for permission, (state, cause) in outcomes.items() if state is not State.GRANTED}
    refused = {permission for permission, cause in causes.items() if cause == "denied"}
    # What can't be told is told once the rest is granted; it is needed in any case, so it is part of one grant.
    hidden = {permission for permission, cause in causes.items() if cause == "hidden"} if refused else set()
    return Gap(
        permissions=frozenset(refused | hidden),
        kms=frozenset(permission for permission, cause in causes.items() if cause == "kms_denied"),
        trust="cannot_assume_role" in causes.values(),
        credential=bool(_OF_CREDENTIALS & set(causes.values())),
    )


# What a policy of another kind leaves out, no grant gives; and an account that is shut can be given nothing.
_LIMITS = {"permissions boundary", "service control policy", "resource control policy", "session policy"}
_SHUT = {
    *("disabled_client", "deleted_client", "unauthorized_client", "access_denied", "userProjectMissing"),  # Google
    *("AccountIsDisabled", "AllAccessDisabled", "AccountProblem"),  # Azure, AWS
}


def is_beyond_grants(failure: Failure) -> bool:
    """Whether this is refused for something that granting the right would not change."""
    return failure.detail in _LIMITS or failure.code in _SHUT


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
