"""The table: rights, what lies below the path, odd names, and credentials that are no good."""

from __future__ import annotations

from clouds import Cause
from tests.clouds.doctor.scenarios.conditions import broken_by, elsewhere
from tests.clouds.doctor.scenarios.places import MOST_STORES, PROVIDERS, STORES
from tests.clouds.doctor.scenarios.rows import CREATE, DELETE, LIST, READ, REPLACE, row
from tests.clouds.doctor.scenarios.verdicts import (
    HIDDEN,
    NO,
    SKIPPED,
    YES,
    Expectation,
    refused_at_once,
    refused_by_cloud,
)
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS

# Ceph opens an object to whoever wrote it, so that our own tells nothing of the right. And it says that a key is
# missing to all who may list without a condition, and to nobody else.
WRITER_READS = {"S3Compatible": Expectation((NO, HIDDEN), (NO, HIDDEN, YES, YES))}
WRITER_READS_AND_LISTS = {"S3Compatible": Expectation((YES, HIDDEN), (YES, HIDDEN, YES, YES))}
NOTHING_TO_READ = {"S3Compatible": Expectation((YES, HIDDEN), (YES, HIDDEN, NO, SKIPPED))}
# Its policies know no condition by which somebody may create and not replace.
WITH_CONDITIONAL_GRANTS = tuple(provider for provider in PROVIDERS if provider != "S3Compatible")

RIGHTS = [
    row("full rights", ALL_RIGHTS, Expectation((YES, YES), (YES, YES, YES, YES)), input_too=True),
    row("all but delete", WORKING_RIGHTS, Expectation((YES, YES), (YES, YES, YES, YES)), only=STORES),
    row("list and read", {LIST, READ}, Expectation((YES, YES), (YES, YES, NO, SKIPPED)), input_too=True),
    row("list only", {LIST}, Expectation((YES, NO), (YES, NO, NO, SKIPPED)), only=STORES, input_too=True),
    # Without list no object is known, and the missing one we try instead may be hidden from those who may read.
    row(
        "read only",
        {READ},
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        # Azure judges a SAS before it looks: to a reader it says that the blob is missing.
        but={"AZURE": Expectation((NO, YES), (NO, YES, NO, SKIPPED))},
        only=STORES,
        input_too=True,
    ),
    row("list and write, no read", {LIST, CREATE, REPLACE}, Expectation((YES, NO), (YES, NO, YES, YES)), only=STORES),
    # The object which a Lightly check writes tells what no missing one could.
    row(
        "write only",
        {CREATE, REPLACE},
        Expectation((NO, HIDDEN), (NO, NO, YES, YES)),
        but={"AZURE": Expectation((NO, NO), (NO, NO, YES, YES)), **WRITER_READS},  # see "read only"
    ),
    row(
        "read and write, no list",
        {READ, CREATE, REPLACE},
        Expectation((NO, HIDDEN), (NO, YES, YES, YES)),
        but={"AZURE": Expectation((NO, YES), (NO, YES, YES, YES)), **WRITER_READS},  # see "read only"
        only=STORES,
    ),
    row(
        "create but not replace",
        {LIST, READ, CREATE},
        Expectation((YES, YES), (YES, YES, YES, NO)),
        only=WITH_CONDITIONAL_GRANTS,
    ),
    row(
        "create and delete but not replace",
        {LIST, READ, CREATE, DELETE},
        Expectation((YES, YES), (YES, YES, YES, NO)),
        # To Google, replacing is deleting and creating.
        but={"GCS": Expectation((YES, YES), (YES, YES, YES, YES))},
        only=MOST_STORES,
    ),
    row(
        "no rights at all",
        set(),
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        but={"AZURE": Expectation((NO, NO), (NO, NO, NO, SKIPPED))},  # see "read only"
        input_too=True,
    ),
    row(
        "rights for another directory",
        ALL_RIGHTS,
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        condition=elsewhere,
        # A container SAS reaches the whole container.
        but={"AZURE": Expectation((YES, YES), (YES, YES, YES, YES))},
    ),
]

EMPTY = [
    row(
        "empty path, full rights",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        objects=(),
        but=WRITER_READS_AND_LISTS,
        input_too=True,
    ),
    row(
        "empty path, all but delete",
        WORKING_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        objects=(),
        but=WRITER_READS_AND_LISTS,
        only=STORES,
    ),
    row(
        "empty path, list and read",
        {LIST, READ},
        Expectation((YES, YES), (YES, YES, NO, SKIPPED)),
        objects=(),
        but=NOTHING_TO_READ,
        only=STORES,
    ),
    row(
        "empty path, list only",
        {LIST},
        Expectation((YES, HIDDEN), (YES, HIDDEN, NO, SKIPPED)),
        objects=(),
        but={"AZURE": Expectation((YES, NO), (YES, NO, NO, SKIPPED))},  # see "read only"
        only=STORES,
        input_too=True,
    ),
    row(
        "empty path, read only",
        {READ},
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        objects=(),
        but={"AZURE": Expectation((NO, YES), (NO, YES, NO, SKIPPED))},  # see "read only"
        only=STORES,
    ),
    row(
        "empty path, list and write, no read",
        {LIST, CREATE, REPLACE},
        Expectation((YES, HIDDEN), (YES, NO, YES, YES)),
        objects=(),
        but={"AZURE": Expectation((YES, NO), (YES, NO, YES, YES)), **WRITER_READS_AND_LISTS},  # see "read only"
        only=STORES,
    ),
    row(
        "empty path, all but list",
        {READ, CREATE, REPLACE, DELETE},
        Expectation((NO, HIDDEN), (NO, YES, YES, YES)),
        objects=(),
        but={"AZURE": Expectation((NO, YES), (NO, YES, YES, YES)), **WRITER_READS},  # see "read only"
        only=STORES,
    ),
    row(
        "marker only, list and read",
        {LIST, READ},
        Expectation((YES, YES), (YES, YES, NO, SKIPPED)),
        objects=("",),
        only=STORES,
        input_too=True,
    ),
    # The marker is an object like any other: trying to read it proves what it proves.
    row("marker only, list only", {LIST}, Expectation((YES, NO), (YES, NO, NO, SKIPPED)), objects=("",), only=STORES),
    # All that may come before the user's first object.
    row(
        "markers and more",
        WORKING_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        objects=("", ".lightly", ".lightly/", "a.jpg"),
        only=STORES,
    ),
    row(
        "object of no bytes",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        objects=("empty.txt",),
        only=STORES,
    ),
    row(
        "object of no bytes, list only",
        {LIST},
        Expectation((YES, NO), (YES, NO, NO, SKIPPED)),
        objects=("empty.txt",),
        only=STORES,
    ),
]

NAMES = [
    row(
        f"path {prefix!r}",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        prefix=prefix,
        objects=("ein bild + 1%&=#.jpg",),
        only=PROVIDERS if "?" in prefix else MOST_STORES,
    )
    for prefix in (
        "",
        "with space/ and more /",
        "größe/日本/e\u0301/😀/",
        "a+b/100%/%2F%20/#1/",
        "a?b=c&d/!*'();:@,$[]~^`{}|<>\"/",
        "/".join("deep" for _ in range(60)) + "/",
    )
] + [
    # The right name must also reach the judgement of what is missing.
    row(
        "odd path, list and read",
        {LIST, READ},
        Expectation((YES, YES), (YES, YES, NO, SKIPPED)),
        prefix="ü +%#?/",
        objects=(),
        only=MOST_STORES,
    ),
]

CREDENTIALS = [
    row(
        "wrong secret",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_SECRET),
        condition=broken_by("with_wrong_secret"),
        but={
            # The external ID is what comes nearest to a secret.
            "S3DelegatedAccess": refused_at_once(Cause.CANNOT_ASSUME_ROLE),
            # Azure does not say what is wrong with a SAS.
            "AZURE": refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        },
        input_too=True,
    ),
    row(
        "unknown key",
        ALL_RIGHTS,
        refused_by_cloud(Cause.UNKNOWN_KEY),
        condition=broken_by("with_unknown_key"),
        but={
            "S3DelegatedAccess": refused_at_once(Cause.CANNOT_ASSUME_ROLE),  # a role that does not exist
            "AZURE": refused_by_cloud(Cause.CREDENTIAL_REFUSED),  # a SAS of another account
        },
    ),
    row(
        "expired",
        ALL_RIGHTS,
        refused_by_cloud(Cause.UNKNOWN_KEY),  # permanent keys do not expire; deactivated ones are not known any more
        condition=broken_by("expired"),
        but={
            "S3DelegatedAccess": refused_by_cloud(Cause.EXPIRED),
            "AZURE": refused_at_once(Cause.EXPIRED),  # the token says so itself
            "GCS": refused_by_cloud(Cause.WRONG_SECRET),  # "Invalid JWT Signature", as for a deleted key
        },
    ),
    row("missing bucket", ALL_RIGHTS, refused_by_cloud(Cause.NO_BUCKET), condition=broken_by("with_missing_bucket")),
]
