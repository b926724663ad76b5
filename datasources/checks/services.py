"""What a team decides about its scheduled checks."""

from django.db import transaction

from datasources.checks import schedule
from teams import audit
from teams.models import AuditAction, Team


@transaction.atomic
def set_interval(*, team: Team, hours: int) -> None:
    """Check interval in hours; 0 ends them. All the team's datasources get new times."""
    locked = Team.objects.select_for_update().get(pk=team.pk)
    if locked.recheck_hours == hours:
        return
    locked.recheck_hours = hours
    locked.save(update_fields=["recheck_hours"])
    words = f"scheduled checks: every {hours} h" if hours else "scheduled checks: none"
    audit.record(team=locked, action=AuditAction.TEAM_CHANGED, target=words)
    schedule.start_over(locked)
