"""The log of what happened. Services write to it in the same transaction as what they change."""

from teams.audit.services import record, record_for_person

__all__ = ["record", "record_for_person"]
