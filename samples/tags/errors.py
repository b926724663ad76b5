"""Why a tag can't be made, changed or deleted. The words are for people; the codes are the official client's."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from django.utils.translation import gettext

from samples.names import LONGEST_TAG_NAME, SHORTEST_TAG_NAME


class TagProblem(StrEnum):
    """The client's ApiErrorCode."""

    NAME = "MALFORMED_REQUEST"
    EXISTS = "TAG_NAME_EXISTS"
    UNKNOWN = "TAG_UNKNOWN"
    NO_SAMPLES = "TAG_NO_TAG_IN_DATASET"
    OTHER_DATASET = "TAG_PREVTAG_NOT_IN_DATASET"
    MASK = "DATASET_TAG_INVALID"
    SAMPLE = "SAMPLE_UNKNOWN"
    NOT_A_LEAF = "TAG_UNDELETABLE_NOT_A_LEAF"
    INITIAL = "TAG_UNDELETABLE_IS_INITIAL"


class TagError(Exception):
    """`field` of a form beside which the words stand; empty: of none."""

    def __init__(self, problem: TagProblem, words: str, field: str = "") -> None:
        super().__init__(words)
        self.problem = problem
        self.words = words
        self.field = field


def bad_name() -> TagError:
    words = gettext(
        "Between %(least)s and %(most)s characters: letters, digits, spaces and . : ; = @ _ -, starting with a letter"
        " or digit. For example: to-label 2026-11"
    )
    return TagError(TagProblem.NAME, words % {"least": SHORTEST_TAG_NAME, "most": LONGEST_TAG_NAME}, "name")


def taken_name(name: str) -> TagError:
    words = gettext("The dataset has a tag named %(name)s already. Choose another name.") % {"name": name}
    return TagError(TagProblem.EXISTS, words, "name")


def no_samples() -> TagError:
    words = gettext("The dataset has no samples yet. Run a selection first: its result is what tags are made of.")
    return TagError(TagProblem.NO_SAMPLES, words)


def unknown_names(names: Sequence[str], count: int) -> TagError:
    words = gettext("%(count)s of these names are no samples of this dataset: %(names)s") % {
        "count": f"{count:,}",
        "names": ", ".join(name[:200] for name in names[:3]) + (", …" if count > 3 else ""),
    }
    return TagError(TagProblem.SAMPLE, words, "names")


def bad_mask(length: int, count: int) -> TagError:
    words = gettext("The mask has %(length)s bits, but the dataset has %(count)s samples.")
    return TagError(TagProblem.MASK, words % {"length": f"{length:,}", "count": f"{count:,}"})


def not_a_leaf(tag_names: Sequence[str]) -> TagError:
    words = gettext("Other tags were made from this one. Delete them first: %(names)s")
    return TagError(TagProblem.NOT_A_LEAF, words % {"names": ", ".join(tag_names[:5])})


def is_initial() -> TagError:
    words = gettext("The initial tag stands for all samples of the dataset. It can't be renamed, changed or deleted.")
    return TagError(TagProblem.INITIAL, words)


def other_dataset() -> TagError:
    return TagError(TagProblem.OTHER_DATASET, gettext("The dataset has no such tag."))
