"""What runs in a process that records: the SDK, its exporter and who is told of what."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from clouds import spans
from core.version import platform_version
from lightly_platform.traces import messages
from lightly_platform.traces.listed import only_listed
from lightly_platform.traces.recording import Recorder

logger = logging.getLogger(__name__)

TOLD_EVERY_SECONDS = 60.0


def recorder(part: str) -> Recorder:
    """Starts the thread that sends. The variables OTEL_* say where to, how often and how many.

    It is nobody's but ours: libraries that ask OpenTelemetry for a tracer get one that does nothing, as ever.
    """
    provider = TracerProvider(resource=_resource(part), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(CarefulExporter(OTLPSpanExporter())))

    def clean_up() -> None:
        spans.watch_with(None)
        messages.disconnect()

    made = Recorder(provider, clean_up)
    messages.connect(made)
    spans.watch_with(made.watch)
    return made


class CarefulExporter(SpanExporter):
    """Hands on what is listed, and tells at most once a minute that it could not."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._lost = 0
        self._told_at: float | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._inner.export([only_listed(span) for span in spans])
        except Exception:  # noqa: BLE001 - whatever it is, the process works on without
            result = SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            self._tell(len(spans))
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def _tell(self, lost: int) -> None:
        # Not what went wrong: the address may have a password in it.
        self._lost += lost
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= TOLD_EVERY_SECONDS:
            logger.warning(
                "The collector of traces takes none (see OTEL_EXPORTER_OTLP_ENDPOINT); %s spans are lost", self._lost
            )
            self._lost, self._told_at = 0, now


def _resource(part: str) -> Resource:
    ours = Resource({SERVICE_NAME: f"lightly-{part}", SERVICE_VERSION: platform_version()})
    named = Resource.create()
    # Without a name from the operator the SDK makes one up, such as unknown_service:python.
    if str(named.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        return named.merge(ours)
    return ours.merge(named)
