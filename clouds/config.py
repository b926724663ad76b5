"""The declaration of a datasource's fields, of which every cloud has its own."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo

# What is accepted when people save. No cloud takes longer names than 1,024 bytes; a key file of Google has 2.4 KB.
MOST_PATH_BYTES = 1024
MOST_BYTES = 2 * 1024
MOST_FILE_BYTES = 8 * 1024


@dataclass(frozen=True)
class Endpoints:
    """Where the clouds are, when not at their public addresses, and which private hosts a user may name."""

    s3: str | None = None
    sts: str | None = None
    azure: str | None = None  # a template with {account}
    gcs: str | None = None
    gcs_token: str | None = None
    gcs_certs: str | None = None
    obs_hosts: tuple[str, ...] = field(default=())  # of a private cloud, beside those of Huawei and Telekom
    allowed_private_hosts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a credential ends, and the field it was entered in. `moment` has a time zone."""

    moment: datetime
    field: str


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a cloud publishes of a key: when it was made, and when it ends (None: never)."""

    made: datetime
    ends: datetime | None


class CloudConfig(BaseModel):
    """A datasource's fields, declared once: form, REST schema, validation and docs are derived from this.

    Per field, `title` is the label, `description` the help, `examples[0]` the example shown in errors, and
    `json_schema_extra` says `where` people find or make the value (console, then command; `code` in backticks), and may
    say `binds_secret` (changing it needs the secret again), `multiline`, `choices` (value to words), `from_team` (the
    field begins with what the team has under the same name).
    A `SecretStr` is write-only everywhere.
    """

    model_config = ConfigDict(
        populate_by_name=True, extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )

    scheme: ClassVar[str] = ""  # "s3" for s3://bucket/path/; empty where paths carry none

    type: str
    path: str = Field(alias="fullPath")

    @property
    def bucket(self) -> str:
        return self._split()[0]

    @property
    def prefix(self) -> str:
        """The directory inside the bucket: empty for its root, otherwise ending in a slash."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        bucket, _, prefix = self.path.removeprefix(f"{self.scheme}://").partition("/")
        return bucket, prefix

    def display_key(self, key: str) -> str:
        """A key of this bucket as a user writes it."""
        scheme = f"{self.scheme}://" if self.scheme else ""
        return f"{scheme}{self.bucket}/{key}"

    def object_url(self, key: str) -> str:
        """Where an object of this bucket is, as other tools take it. No secret is in it, so it opens nothing."""
        return self.display_key(key)

    @property
    def principal(self) -> str:
        """Who this is to the cloud (access key id, role, service account): not secret, helps people to find it."""
        return ""

    def expiry(self) -> Expiry | None:
        """When the credential ends, as far as it says so itself. Makes no call."""
        return None

    def unusable(self, now: datetime, endpoints: Endpoints | None = None) -> dict[str, str]:
        """Why this can't work whatever the cloud says, by field. Asked when people save, never of what is stored."""
        return {}

    def facts(self) -> dict[str, str]:
        """What is known of this place and is no secret, for the texts that grant access to it."""
        names = [name for name in self.fields() if name != "path" and name not in self.secret_fields()]
        return {name: str(value) for name in names if (value := getattr(self, name)) is not None}

    @classmethod
    def provider_type(cls) -> str:
        """The `type` that the REST API and the database know this cloud by."""
        return str(cls.model_fields["type"].default)

    @classmethod
    def fields(cls) -> dict[str, FieldInfo]:
        """All fields but the type, in the order people fill them in: what may stay empty comes last."""
        named = [(name, info) for name, info in cls.model_fields.items() if name != "type"]
        return dict(sorted(named, key=lambda field: not field[1].is_required()))

    @classmethod
    def secret_fields(cls) -> list[str]:
        return [name for name, info in cls.fields().items() if info.annotation is SecretStr]

    @classmethod
    def most_bytes(cls, name: str) -> int:
        """How long a value of this field may be when it is saved, in bytes of UTF-8."""
        if name == "path":
            return MOST_PATH_BYTES
        return MOST_FILE_BYTES if extra(cls.fields()[name], "multiline") else MOST_BYTES

    @classmethod
    def members_only_fields(cls) -> list[str]:
        """What the members of a team may see, and guests with whom they share a dataset may not."""
        return [name for name, info in cls.fields().items() if extra(info, "members_only")]

    @classmethod
    def credential_fields(cls) -> list[str]:
        """What stands for the credential: the secrets, what they were given for, and what the team brings to it.

        No path is among them, so several datasources may have the same credential.
        """
        secrets = cls.secret_fields()
        return [
            name
            for name, info in cls.fields().items()
            if name in secrets or extra(info, "binds_secret") or extra(info, "from_team")
        ]

    def credential(self) -> dict[str, str]:
        """The values of `credential_fields` in clear, the same for all spellings of a secret. For digests only."""
        values = {name: getattr(self, name) for name in self.credential_fields()}
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in values.items()
        }

    def reuses(self, other: "CloudConfig", kept: Collection[str]) -> bool:
        """Whether this reaches a cloud by what was stored in `other`: by the secrets `kept` of it, or as its role."""
        if not isinstance(other, type(self)):
            return False
        return bool(kept) if self.secret_fields() else self.principal == other.principal

    def target(self) -> dict[str, str]:
        """What a stored secret was given for. If any of it changes, the secret must be entered again."""
        bound = {name: str(getattr(self, name)) for name, info in self.fields().items() if extra(info, "binds_secret")}
        return {"type": self.type, "bucket": self.bucket, **bound}

    def revealed(self) -> dict[str, Any]:
        """All fields with secrets in clear, keyed as the REST API spells them. For encryption only."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            (type(self).model_fields[name].alias or name): (
                value.get_secret_value() if isinstance(value, SecretStr) else value
            )
            for name, value in values.items()
            if value is not None
        }

    def with_secrets_of(self, other: Self) -> Self:
        return self.model_copy(update={name: getattr(other, name) for name in self.secret_fields()})


def _one_word(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("The value is missing.")
    if not text.isprintable() or " " in text:
        raise ValueError("There is a space or a line break inside. Copy the value anew, alone and whole.")
    return SecretStr(text)


# A write-only credential that is one word, however it was copied.
SecretWord = Annotated[SecretStr, AfterValidator(_one_word)]


def extra(info: FieldInfo, name: str) -> Any:
    return info.json_schema_extra.get(name) if isinstance(info.json_schema_extra, dict) else None
