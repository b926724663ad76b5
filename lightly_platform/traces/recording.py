"""Makes spans. The one that is under way is kept in a variable of ours and not in OpenTelemetry's.

So no library finds it, and none tells a cloud or a webhook of it in its headers: Azure's and Google's would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from clouds.spans import Fact
from core import log_context
from lightly_platform.traces.listed import ATTRIBUTES, EXCEPTION_TYPE

HEADER = "traceparent"
# Calls of a storage below one span. A step of a job may make thousands, and of those the first ones tell enough.
MOST_CALLS = 100

_format = TraceContextTextMapPropagator()


class Open:
    """A span that is under way."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self.context = set_span_in_context(span, Context())
        self.calls = 0

    def note(self, **facts: Fact) -> None:
        for name, value in facts.items():
            if name in ATTRIBUTES:
                self.span.set_attribute(ATTRIBUTES[name], value)

    def rename(self, name: str) -> None:
        self.span.update_name(name)

    def failed(self, error: BaseException | None = None) -> None:
        """Of an exception its type alone: its text may quote what is secret."""
        self.span.set_status(Status(StatusCode.ERROR))
        if error is not None:
            self.note(error=type(error).__name__)
            self.span.add_event("exception", {EXCEPTION_TYPE: type(error).__name__})

    def end(self) -> None:
        if self.calls > MOST_CALLS:
            self.note(untold=self.calls - MOST_CALLS)
        self.span.end()


_open: ContextVar[Open | None] = ContextVar("open_span", default=None)
Began = tuple[Open, Token[Open | None]]


class Recorder:
    """The recorder of this process."""

    def __init__(self, provider: TracerProvider, clean_up: Callable[[], None]) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("lightly_platform")
        self._clean_up = clean_up

    def begin(
        self, name: str, facts: Mapping[str, Fact], *, kind: SpanKind = SpanKind.INTERNAL, carried: str = ""
    ) -> Began:
        """A span below the one that is under way, or below the one that a message carried. `end` it in this context."""
        above = _open.get()
        context = above.context if above else Context()
        if carried:
            context = _format.extract({HEADER: carried}, Context())
        opened = Open(self._tracer.start_span(name, context, kind))
        opened.note(**log_context.current())
        opened.note(**facts)
        return opened, _open.set(opened)

    def end(self, began: Began, error: BaseException | None = None) -> None:
        opened, token = began
        if error is not None:
            opened.failed(error)
        _open.reset(token)
        opened.end()

    @contextmanager
    def watch(self, name: str, facts: Mapping[str, Fact], /) -> Iterator[Open]:
        """As clouds.spans.Watch says."""
        above = _open.get()
        if above is not None and "operation" in facts:
            above.calls += 1
            if above.calls > MOST_CALLS:
                yield Open(get_current_span(Context()))  # one that records nothing
                return
        began = self.begin(name, facts)
        try:
            yield began[0]
        except BaseException as error:
            self.end(began, error)
            raise
        self.end(began)

    def shut_down(self) -> None:
        """Sends what is left. May take as long as the exporter's time limit."""
        self._clean_up()
        self._provider.shutdown()


def carried() -> str:
    """The span that is under way, as a message carries it; "" if there is none."""
    opened = _open.get()
    if opened is None:
        return ""
    carrier: dict[str, str] = {}
    _format.inject(carrier, opened.context)
    return carrier.get(HEADER, "")
