"""The clouds a dataset can live in. Plain Python: nothing in here knows Django, Celery or a database.

A cloud is one folder, and one line in `registry`. What all of them share is in the modules beside the folders, and what
finds out why something does not work is in `doctor`. See docs/adding-a-cloud.md.
"""

from clouds.config import CloudConfig, Endpoints, Expiry, KeyFacts
from clouds.failures import Cause, Failure, StoreError, safe_name
from clouds.pasting import Reading, Refusal
from clouds.provider import PROVIDERS, Provider, meant_by, open_store, parse_config, provider_of, read_pasted
from clouds.registry import import_sdks
from clouds.store import CorsRule, Deadline, Entry, Page, Preflight, Store, is_missing

__all__ = [
    "PROVIDERS",
    "Cause",
    "CloudConfig",
    "CorsRule",
    "Deadline",
    "Endpoints",
    "Entry",
    "Expiry",
    "Failure",
    "KeyFacts",
    "Page",
    "Preflight",
    "Provider",
    "Reading",
    "Refusal",
    "Store",
    "StoreError",
    "import_sdks",
    "is_missing",
    "meant_by",
    "open_store",
    "parse_config",
    "provider_of",
    "read_pasted",
    "safe_name",
]
