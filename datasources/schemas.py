"""The shapes of what a check stores as JSON."""

from typing import NotRequired, TypedDict

from clouds.permissions import State


class StoredVerdict(TypedDict):
    """One permission in PermissionCheck.verdicts. `milliseconds` is None if the step did not finish.

    Checks of older releases lack the keys that are NotRequired.
    """

    state: State
    milliseconds: int | None
    cause: str
    code: str
    summary: str
    tried: str
    answered: str
    likely_cause: str
    fix: str
    how_to_be_sure: NotRequired[str]
    command: NotRequired[str]  # shell text that shows the cause
    field: NotRequired[str]  # the config's field at fault
    place: NotRequired[dict[str, str]]  # a Place, for which the grant is written; empty where nothing is wrong


class StoredDocument(TypedDict):
    """Something to paste into a cloud: what it is, where it goes, and the text."""

    title: str
    where: str
    text: str


class StoredCors(TypedDict):
    """PermissionCheck.cors. `state` is a cors.CorsState, `origin` this site's at the time of the check.

    `key_made_at` tells when the key was made (ISO 8601). It is empty where the cloud does not say.
    """

    state: str
    origin: str
    summary: str
    documents: list[StoredDocument]
    key_made_at: str
