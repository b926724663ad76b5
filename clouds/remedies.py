"""What the words for a failure are made of: the case at hand, the cloud's own vocabulary, and the remedy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from clouds.config import CloudConfig, Endpoints
from clouds.failures import Failure, safe_name
from clouds.permissions import Permission
from clouds.policies import Platform


@dataclass(frozen=True, kw_only=True)
class Words:
    """How people who use this cloud call things. The names of fields are those of its config class."""

    rights: Mapping[Permission, str]  # by the names that the cloud's own console uses
    calls: Mapping[Permission, str]  # the calls a check makes, by the names under which the cloud documents them
    grantee: str  # who is granted something; the config's principal follows
    secret: str
    secret_field: str = ""  # empty where people enter none, as a role's temporary key
    credential: str = "Access key"  # what can end
    lifetime_note: str = ""  # what there is to say of the credential's end besides a date
    container: str = "bucket"
    host: Callable[[CloudConfig], str]  # where we call, unless the operator has configured another endpoint
    own_address: Callable[[CloudConfig, Endpoints], str | None] = lambda config, endpoints: None  # and that endpoint
    address_field: str = ""  # the field that says where to call
    region_field: str = ""  # the field to correct when the bucket is in another region


@dataclass(frozen=True)
class Remedy:
    """Words for one failure: what is wrong in a line, why, how to make sure of it, and what to do.

    `field` names the form's field at fault, `command` is shell text that shows the cause. Both may be empty.
    """

    summary: str
    cause: str
    fix: str
    sure: str
    command: str = ""
    field: str = ""


@dataclass(frozen=True)
class Case:
    permission: Permission
    failure: Failure
    config: CloudConfig
    words: Words
    key: str  # the object or prefix that was tried
    deadline_seconds: float
    platform: Platform = field(default_factory=Platform)

    @property
    def right(self) -> str:
        return self.words.rights[self.permission]

    @property
    def grantee(self) -> str:
        return f"{self.words.grantee} {self.config.principal}"

    @property
    def secret(self) -> str:
        return self.words.secret

    @property
    def secret_field(self) -> str:
        return self.words.secret_field

    @property
    def container(self) -> str:
        return self.words.container

    @property
    def own_address(self) -> str:
        """The URL of this cloud that the operator has configured; empty if there is none."""
        return self.words.own_address(self.config, self.platform.endpoints) or ""

    @property
    def address(self) -> str:
        """The URL at which we call."""
        return self.own_address or self.value("endpoint") or f"https://{self.words.host(self.config)}"

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def safe_key(self) -> str:
        """For commands: an object's name may be anything, so it is quoted there too."""
        return safe_name(self.key)

    def value(self, name: str) -> str:
        """A field that only some providers have."""
        return str(getattr(self.config, name, "") or "")


def sentence(words: str) -> str:
    return words[0].upper() + words[1:]
