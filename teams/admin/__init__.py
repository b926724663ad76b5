"""People and teams in the admin panel. Each module registers its pages when it is imported."""

from teams.admin import people, records, sign_in

__all__ = ["people", "records", "sign_in"]
