"""Words for what storage of one's own says more often than the big clouds: no room, blocked users, missing functions.

Part of `common_remedies`: any cloud may answer so.
"""

from clouds.remedies import Case, Remedy, sentence


def quota(case: Case) -> Remedy:
    return Remedy(
        "no room left",
        f"A quota of the {case.container} {case.config.bucket}, or of its owner, is used up. {sentence(case.right)} "
        "may be granted.",
        "Delete files that are not needed, or have the quota raised, then check again. More rights do not help.",
        f"Your storage's console shows the quota of the {case.container}, and how much of it is used.",
    )


def suspended(case: Case) -> Remedy:
    return Remedy(
        "the user is suspended",
        f"The storage has blocked {case.grantee}, or the account behind it: by an administrator, or for unpaid bills.",
        "Have the user enabled again, or use the key of another one. More rights do not help.",
        f"Look for the owner of {case.config.principal} in your storage's console. It shows this user as suspended.",
        field="access_key_id",
    )


def not_supported(case: Case) -> Remedy:
    return Remedy(
        "the storage can't do this",
        "The storage says that it does not support this request. It will give the same answer again.",
        "Use another storage, or a newer version of it, and check again.",
        "Do the same with a tool for S3: it must be refused as well. The storage's documentation says which parts of "
        "S3 it supports.",
    )


def own_object(case: Case) -> Remedy:
    return Remedy(
        "can't be told from here",
        "The check can read its own test file. But this storage lets everybody read the files that they wrote, also "
        f"without {case.right}. No other file was found to test with.",
        f"Allow listing, and make sure that there is a file in {case.config.path} that somebody else wrote. Then check "
        "again.",
        "Read a file that somebody else wrote: this is either allowed or refused.",
    )
