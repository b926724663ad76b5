"""The table: what a check must say, by provider, rights and condition. `test_probe_scenarios.py` runs it.

Each row gives the verdicts of an Input check (list, read) and of a Lightly check (list, read, write, overwrite).
Where a provider truly answers otherwise, `but` says so, and why.
"""

from tests.clouds.doctor.scenarios.places import PROVIDERS, AnyCloud, Place, endpoints_of

__all__ = ["PROVIDERS", "AnyCloud", "Place", "endpoints_of"]
