"""Words for what storage of one's own says more often than the big clouds: no room, blocked users, missing functions.

Part of `common_remedies`: any cloud may answer so.
"""

from clouds.remedies import Case, Remedy, sentence


def quota(case: Case) -> Remedy:
    return Remedy(
        "no room left",
        f"A quota of the {case.container} {case.config.bucket}, or of its owner, is used up. {sentence(case.right)} "
        "may well be granted.",
        "Delete what is not needed, or have the quota raised, then check again. Granting more rights is no help.",
        f"Your storage's console shows the quota of the {case.container}, and how much of it is used.",
    )


def suspended(case: Case) -> Remedy:
    return Remedy(
        "the user is suspended",
        f"The storage has blocked {case.grantee}, or the account behind it: by an administrator, or for unpaid bills.",
        "Have the user enabled again, or use the key of another one. Granting more rights is no help.",
        f"Look for the owner of {case.config.principal} in your storage's console. It shows this user as suspended.",
        field="access_key_id",
    )


def not_supported(case: Case) -> Remedy:
    return Remedy(
        "the storage can't do this",
        "The storage says that it has not implemented this request. It will say the same the next time.",
        "Use another storage, or a newer version of it, and check again.",
        "Do the same with a tool for S3: it must be refused as well. The storage's own documentation tells what of "
        "S3 it knows.",
    )


def own_object(case: Case) -> Remedy:
    return Remedy(
        "can't be told from here",
        "The file that this check wrote can be read, but this storage lets whoever wrote a file read it, also without "
        f"{case.right}. No other file was found to try on.",
        f"To tell, it takes the right to list and one file in {case.config.path} that somebody else put there. Give "
        "what is missing, then check again.",
        "Read a file that somebody else has put there: that is allowed or not.",
    )
