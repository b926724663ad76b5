"""What is told by a pasted text, and by which cloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from clouds.pasting.pasted import Pasted


@dataclass(frozen=True)
class Reading:
    """`fields`: the config's fields that the text gives, by name, secrets among them: never print it.

    `what` completes "This is …" and never quotes the text. `notes` are sentences on what was left out. A reading is
    `weak` if the text could as well be meant for somebody else, such as a URL at an unknown host: it counts for the
    provider that is chosen, and never leads to another one.
    """

    what: str
    fields: Mapping[str, str] = field(repr=False)
    notes: Sequence[str] = ()
    weak: bool = False
    type: str = ""  # the provider's; `read` fills it in


@dataclass(frozen=True)
class Refusal:
    """`reason`: why it can't be used and what to enter instead, in whole sentences that quote nothing secret."""

    reason: str
    type: str = ""


class Recogniser(Protocol):
    def __call__(self, pasted: Pasted, /) -> Reading | Refusal | None:
        """What the text tells of this cloud; None if it is nothing of this cloud's. Never raises."""


@dataclass(frozen=True)
class Candidate:
    """A provider that may know a text. `scheme`: of its paths, empty if they have none."""

    type: str
    scheme: str
    recognise: Recogniser


def read(text: str, candidates: Sequence[Candidate], chosen: str) -> Reading | Refusal | None:
    """What the text tells. The provider that is `chosen` comes first, then the others in their order.

    None: it is an ordinary value, or nothing that anybody knows.
    """
    pasted = Pasted(text)
    if not pasted.text:
        return None
    ordered = sorted(candidates, key=lambda candidate: candidate.type != chosen)
    found = [answer for candidate in ordered if (answer := _ask(candidate, pasted))]
    strong = [answer for answer in found if isinstance(answer, Reading) and not answer.weak]
    refusals = [answer for answer in found if isinstance(answer, Refusal)]
    weak = [answer for answer in found if answer.type == chosen]
    return next(iter([*strong, *refusals, *weak]), None)


def _ask(candidate: Candidate, pasted: Pasted) -> Reading | Refusal | None:
    answer = candidate.recognise(pasted)
    scheme, rest = pasted.scheme_and_rest
    if answer is None and candidate.scheme and scheme == candidate.scheme and "\n" not in rest:
        answer = Reading("a path", {"path": f"{candidate.scheme}://{rest}"})
    return replace(answer, type=candidate.type) if answer else None
