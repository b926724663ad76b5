"""What apps above this one do when a check has finished. They add it from `AppConfig.ready()`:

followers.add(start_after_check)
"""

from collections.abc import Callable

from datasources.models import PermissionCheck

Follower = Callable[[PermissionCheck], None]

_followers: list[Follower] = []


def add(follower: Follower) -> None:
    """Call it with each check that has finished, after the result is committed. Once, however often it is added.

    What it raises is logged, and changes nothing of the check.
    """
    if follower not in _followers:
        _followers.append(follower)


def all_of_them() -> list[Follower]:
    return list(_followers)
