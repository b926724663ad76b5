"""What a probe reported, as it is stored with a check: a verdict with its words for each permission, and an outcome."""

from collections.abc import Mapping
from typing import Any

from clouds import CloudConfig
from clouds.doctor.diagnosis import UNREADABLE, Diagnosis, answer_of, diagnose
from clouds.doctor.grants import is_beyond_grants
from clouds.doctor.probe import Report
from clouds.permissions import Permission, State, Verdict
from clouds.policies import Place, Platform
from datasources.models import Outcome


def outcome_of(report: Report, needs: frozenset[Permission]) -> Outcome:
    """GREEN if all needed permissions are granted, RED if one is denied, else UNKNOWN."""
    states = {report.verdicts[permission].state for permission in needs}
    if states == {State.GRANTED}:
        return Outcome.GREEN
    return Outcome.RED if states & {State.DENIED, State.SKIPPED} else Outcome.UNKNOWN


def stored_verdicts(report: Report, config: CloudConfig, platform: Platform, seconds: float) -> Mapping[str, Any]:
    """A schemas.StoredVerdict for each permission of the report. `seconds`: the deadline that the probe had."""
    place = Place.of(config)
    return {
        permission: _stored(diagnose(permission, verdict, config, seconds, platform), verdict, seconds, place)
        for permission, verdict in report.verdicts.items()
    }


def unreadable_verdicts(needs: frozenset[Permission]) -> Mapping[str, Any]:
    """The verdicts of a check whose stored config can't be decrypted: nothing was tried, so nothing is known."""
    unknown = Verdict(State.UNKNOWN, None)
    return {permission: _stored(UNREADABLE, unknown, 0, None) for permission in Permission if permission in needs}


def _stored(diagnosis: Diagnosis, verdict: Verdict, seconds: float, place: Place | None) -> dict[str, Any]:
    failure = verdict.failure
    return {
        "state": verdict.state.value,
        "milliseconds": verdict.milliseconds,
        "cause": failure.cause.value if failure else "",
        "code": answer_of(failure, seconds) if failure else "",
        "summary": diagnosis.summary,
        "tried": diagnosis.tried,
        "answered": diagnosis.answered,
        "likely_cause": diagnosis.cause,
        "fix": diagnosis.fix,
        "how_to_be_sure": diagnosis.how_to_be_sure,
        "command": diagnosis.command,
        "field": diagnosis.field,
        # A grant is written for this place, so it is left out where granting is no help.
        "place": place.as_dict() if place and failure and not is_beyond_grants(failure) else {},
    }
