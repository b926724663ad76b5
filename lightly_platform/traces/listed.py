"""What may be told of a span. The last station before the exporter: whatever is not listed is dropped."""

from collections.abc import Mapping, Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

# Facts as the callers name them, and the attributes that they become. No address, key, name of a file or person,
# header, query, or text of an error is among them.
ATTRIBUTES: Mapping[str, str] = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "requests": "lightly.requests",
    "error": "error.type",
    "request_id": "lightly.request_id",
    "task": "lightly.task",
    "task_id": "lightly.task_id",
    "queue": "lightly.queue",
    "check_id": "lightly.check_id",
    "dataset_id": "lightly.dataset_id",
    "job_id": "lightly.job_id",
    "job_kind": "lightly.job_kind",
    "shard": "lightly.shard",
    "stored": "lightly.stored",
    "provider": "lightly.provider",
    "operation": "lightly.operation",
    "permission": "lightly.permission",
    "cause": "lightly.cause",
    "list": "lightly.list",
    "read": "lightly.read",
    "write": "lightly.write",
    "overwrite": "lightly.overwrite",
    "untold": "lightly.untold_calls",
}
EXCEPTION_TYPE = "exception.type"
LONGEST = 200

_listed = frozenset(ATTRIBUTES.values())


def only_listed(span: ReadableSpan) -> ReadableSpan:
    """The span with the listed attributes alone; of its events the types of exceptions; without links."""
    return ReadableSpan(
        name=span.name[:LONGEST],
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes, _listed),
        events=_types_of_exceptions(span.events),
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _types_of_exceptions(events: Sequence[Event]) -> list[Event]:
    return [
        Event("exception", _kept(event.attributes, frozenset({EXCEPTION_TYPE})), event.timestamp)
        for event in events
        if event.name == "exception"
    ]


def _kept(attributes: Mapping[str, AttributeValue] | None, names: frozenset[str]) -> dict[str, AttributeValue]:
    """Those of these names, if they are numbers or short words."""
    return {
        name: value[:LONGEST] if isinstance(value, str) else value
        for name, value in (attributes or {}).items()
        if name in names and isinstance(value, str | int)
    }
