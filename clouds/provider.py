"""What a cloud must say of itself: one record that ties together everything the platform asks about it.

`clouds.registry` lists the records. Whoever asks about a cloud reads PROVIDERS at that moment, never at import.
"""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol, Union

from pydantic import ConfigDict, Field, TypeAdapter

from clouds import spans
from clouds.config import CloudConfig, Endpoints, KeyFacts
from clouds.failures import Cause, Failure
from clouds.pasting import Candidate, Pasted, Reading, Recogniser, Refusal, read
from clouds.policies import Request, Snippet
from clouds.remedies import Case, Remedy, Words
from clouds.store import Deadline, Store, TimeLimit


class Opener(Protocol):
    def __call__(self, config: Any, endpoints: Endpoints, limit: TimeLimit, /) -> Store:
        """Connect. May call the cloud (tokens, roles); raises StoreError, also for credentials that can't be used."""


class KeyFactsReader(Protocol):
    def __call__(self, config: Any, endpoints: Endpoints, deadline: Deadline, /) -> KeyFacts | None:
        """What the cloud publishes of the key, None if it doesn't. Makes a call; raises StoreError."""


@dataclass(frozen=True)
class Document:
    """Something to paste: what it is, where it goes, and the text."""

    title: str
    where: str
    text: str


# What a CORS rule should say, whatever the cloud. A script may want to know this of a file besides its bytes:
CORS_EXPOSED_HEADERS = ["Accept-Ranges", "Content-Length", "Content-Range", "Content-Type", "ETag"]
CORS_METHODS = ["GET", "HEAD"]
CORS_MAX_AGE_SECONDS = 3600


def one_rule_as_json(rule: Mapping[str, Any]) -> str:
    """A list of this one rule as JSON, a line for each of its entries."""
    entries = ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in rule.items())
    return f"[\n  {{\n{entries}\n  }}\n]"


@dataclass(frozen=True)
class ClientMethod:
    """The official client's method that configures a provider, and which of our fields go into its arguments."""

    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Guise:
    """How a cloud that the official client's strict models do not know passes through it: as another of its types.

    What is not among `names` can't pass: it keeps what is stored for the same address.
    """

    type: str
    scheme: str
    names: Mapping[str, str]  # our fields, and how the client spells them
    # Whether fields that came as this type are meant for this cloud.
    fits: Callable[[Mapping[str, Any], Endpoints], bool]

    def put_on(self, config: CloudConfig, in_place_of_secrets: str) -> dict[str, str]:
        """A config as the client knows it."""
        shown = {
            spelled: in_place_of_secrets if name in config.secret_fields() else str(getattr(config, name))
            for name, spelled in self.names.items()
        }
        return shown | {"type": self.type, self.names["path"]: self.path(config.path)}

    def path(self, path: str) -> str:
        return re.sub(r"^[a-z0-9]+://", f"{self.scheme}://", path)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What docs/diagnoses.md shows of a cloud: which causes it can answer, with which codes, and on what occasions."""

    causes: frozenset[Cause]  # besides those that every cloud can answer
    codes: Mapping[Cause, str] = field(default_factory=dict)
    # What else the cloud or the credential itself tells: the failure, and the fields that show it.
    variants: Sequence[tuple[Failure, Mapping[str, Any]]] = ()
    values: Mapping[str, str] = field(default_factory=dict)  # of fields whose example in the form is not whole


def knows_paths_alone(pasted: Pasted, /) -> None:
    """The recogniser of a cloud that knows no other texts than paths with its own scheme."""
    return None


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One cloud, or one way into a cloud. Importing the record must not import the cloud's SDK: see `opener`."""

    config_class: type[CloudConfig]
    label: str
    short: str  # for narrow places
    mark: str = "storage"  # its drawing, by the name that it has in templates/_icon.html
    cloud: str = ""  # the same word in the records of several ways into one cloud, whose servers they share
    opener: Callable[[], Opener]  # imports the SDK, which takes its time, and returns the function that opens a store
    key_facts_reader: Callable[[], KeyFactsReader] | None = None  # likewise; None where the cloud publishes nothing
    session_seconds: int | None = None  # how long an opened store may be used and its signed URLs live, if limited
    signs_slowly: bool = False  # with a private key (RSA), which takes a processor a hundred times as long as a hash
    takes_plain_put: bool = True  # whether a signed URL takes a PUT without any header of the cloud's own
    tells_expiry: bool = False  # whether `head` says when a rule of the bucket deletes an object
    words: Words
    explain: Callable[[Case], Remedy | None]  # what this cloud can tell better than the words for all clouds
    policies: Callable[[Request], list[Snippet]]
    beyond_grants: frozenset[str] = frozenset()  # error codes of a refusal that granting the right would not change
    # What lets pages at an origin read from exactly this bucket.
    cors_documents: Callable[[Any, str, Endpoints], list[Document]]
    client_method: ClientMethod
    guise: Guise | None = None  # where the client knows this cloud under another name
    answers: Answers
    recognise: Recogniser = knows_paths_alone  # what people paste of this cloud, besides `scheme://bucket/path/`

    @property
    def type(self) -> str:
        return self.config_class.provider_type()

    @property
    def scheme(self) -> str:
        """Of its paths, "s3" for s3://bucket/path/; empty where they carry none."""
        return self.config_class.scheme

    @property
    def servers(self) -> str:
        """Whose servers it leads to: records with the same answer share their limits."""
        return self.cloud or self.type

    @property
    def help_anchor(self) -> str:
        """The anchor of this cloud's heading on the pages that are made from the records."""
        return re.sub(r"[^a-z0-9]+", "-", self.label.lower()).strip("-")

    def open(self, config: CloudConfig, endpoints: Endpoints, limit: TimeLimit) -> Store:
        return self.opener()(config, endpoints, limit)

    def key_facts(self, config: CloudConfig, endpoints: Endpoints, deadline: Deadline) -> KeyFacts | None:
        if self.key_facts_reader is None:
            return None
        with spans.storage_call(self.type, "key_facts"):
            return self.key_facts_reader()(config, endpoints, deadline)


# By type, in the order in which they are shown. `clouds.registry` fills it.
PROVIDERS: dict[str, Provider] = {}


def provider_of(config: CloudConfig | type[CloudConfig]) -> Provider:
    return PROVIDERS[config.provider_type()]


def open_store(config: CloudConfig, endpoints: Endpoints, limit: TimeLimit) -> Store:
    """Connect to the cloud a config is for. May call it (tokens, roles); raises StoreError."""
    provider = provider_of(config)
    with spans.storage_call(provider.type, "open"):
        store = provider.open(config, endpoints, limit)
    return spans.watched(store, provider.type)


def meant_by(kind: str, fields: Mapping[str, Any], endpoints: Endpoints) -> Provider:
    """The cloud for which fields of this type are meant: the one of that name, or one that hides behind it.

    Raises KeyError if there is no such type.
    """
    for provider in PROVIDERS.values():
        if provider.guise and provider.guise.type == kind and provider.guise.fits(fields, endpoints):
            return provider
    return PROVIDERS[kind]


def read_pasted(text: str, chosen: str) -> Reading | Refusal | None:
    """What a pasted text tells, for the provider of the type `chosen` or else for another one. Never raises.

    None for an ordinary value. `Reading.type` says for which provider its fields are.
    """
    known = [Candidate(key, provider.config_class.scheme, provider.recognise) for key, provider in PROVIDERS.items()]
    return read(text, known, chosen)


def parse_config(fields: dict[str, Any], endpoints: Endpoints | None = None) -> CloudConfig:
    """A config from fields named as the REST API spells them. Raises pydantic.ValidationError."""
    adapter = _adapter(tuple(provider.config_class for provider in PROVIDERS.values()))
    return adapter.validate_python(fields, context={"endpoints": endpoints or Endpoints()})


@functools.cache
def _adapter(config_classes: tuple[type[CloudConfig], ...]) -> TypeAdapter[CloudConfig]:
    one_of: Any = Annotated[Union[config_classes], Field(discriminator="type")]  # noqa: UP007 - made at run time
    # The adapter makes the errors, and would quote what was typed whatever the models say.
    return TypeAdapter(one_of, config=ConfigDict(hide_input_in_errors=True))
