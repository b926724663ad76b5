"""Identifiers of everything the REST API names: 24 lower-case hex digits.

The official client refuses any other form (`^[a-f0-9]{24}$`), so every model the API shows uses them as primary key.
"""

import secrets
import time
from datetime import datetime

from django.db import models

ID_LENGTH = 24


def new_id() -> str:
    """Eight digits of creation time (seconds), sixteen random ones: unguessable, and growing, as indexes like it."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


def first_id_at(moment: datetime) -> str:
    """Every id made in this second or later is at least this one: a range of time, asked of the primary key's index."""
    return f"{int(moment.timestamp()):08x}"


class HexIdModel(models.Model):
    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)

    class Meta:
        abstract = True
