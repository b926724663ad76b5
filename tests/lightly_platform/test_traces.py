"""What is recorded, what of it may leave, and that nothing is there while LIGHTLY_TRACES is off."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from pytest_django import Settings

from clouds import Cause, Failure, StoreError, spans
from clouds.store import Store
from core import log_context
from lightly_platform import traces
from lightly_platform.env import WrongEnvironment, read_environment
from lightly_platform.traces import messages, starting
from lightly_platform.traces.listed import ATTRIBUTES
from lightly_platform.traces.recording import MOST_CALLS, Recorder, carried
from lightly_platform.traces.requests import TraceMiddleware
from teams.models import User
from tests.lightly_platform.conftest import Run

SECRET = "planted-secret-9c1"
# What web server and workers load, and a first request.
LOAD = """
import sys
from lightly_platform.launcher import crew
import lightly_platform.wsgi
crew._load_platform()
crew._load_for_workers()
from django.test import RequestFactory
from lightly_platform import traces
assert traces.start("web") is None
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk.trace", "opentelemetry.exporter"))])
"""


class Told(InMemorySpanExporter):
    """What leaves the server."""

    def by_name(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.get_finished_spans()}

    def attributes(self, name: str) -> dict[str, object]:
        return dict(self.by_name()[name].attributes or {})


@pytest.fixture
def out() -> Told:
    return Told()


@pytest.fixture
def recorder(out: Told) -> Iterator[Recorder]:
    """One whose spans leave at once."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(starting.CarefulExporter(out)))
    made = Recorder(provider, messages.disconnect)
    messages.connect(made)
    spans.watch_with(made.watch)
    yield made
    spans.watch_with(None)
    made.shut_down()


def test_what_is_not_listed_does_not_leave(recorder: Recorder, out: Told) -> None:
    opened, token = recorder.begin("a name", {"provider": "S3", "anything": SECRET})
    opened.span.set_attribute("url.full", SECRET)
    opened.span.set_attribute(ATTRIBUTES["cause"], "x" * 1000)
    opened.span.add_event("a header", {"authorization": SECRET})
    opened.span.record_exception(ValueError(SECRET), {"exception.note": SECRET})
    opened.span.set_status(trace.Status(trace.StatusCode.ERROR, SECRET))
    opened.span.add_link(opened.span.get_span_context(), {"url.full": SECRET})
    recorder.end((opened, token))
    (span,) = out.get_finished_spans()
    assert out.attributes("a name") == {"lightly.provider": "S3", "lightly.cause": "x" * 200}
    assert [(event.name, dict(event.attributes or {})) for event in span.events] == [
        ("exception", {"exception.type": "ValueError"})
    ]
    assert SECRET not in span.to_json()


def test_libraries_find_no_span_to_send_to_a_cloud(recorder: Recorder) -> None:
    with spans.span("check"):
        headers: dict[str, str] = {}
        propagate.inject(headers)
        assert (headers, trace.get_current_span().is_recording()) == ({}, False)
        assert not trace.get_tracer("of a library").start_span("its own").is_recording()
        assert carried()


def test_a_call_that_fails_is_told_by_its_cause(recorder: Recorder, out: Told) -> None:
    failure = Failure(Cause.DENIED, code=SECRET, status=403)

    def fail() -> None:
        with spans.asking_for("read"), spans.storage_call("GCS", "read_range"):
            spans.note_answer(503)
            spans.note_answer(403)
            raise StoreError(failure)

    with spans.span("check", provider="GCS"), pytest.raises(StoreError):
        fail()
    spans.note_answer(200)  # nobody's
    call = out.by_name()["storage read_range"]
    assert call.parent == out.by_name()["check"].context
    assert out.attributes("storage read_range") == {
        "lightly.provider": "GCS",
        "lightly.operation": "read_range",
        "lightly.permission": "read",
        "lightly.cause": "denied",
        "lightly.requests": 2,
        "http.response.status_code": 403,
        "error.type": "StoreError",
    }
    assert SECRET not in call.to_json()


def test_of_many_calls_the_first_ones_are_told(recorder: Recorder, out: Told) -> None:
    with spans.span("job step"):
        for _ in range(MOST_CALLS + 7):
            with spans.storage_call("S3", "page"):
                pass
    assert len(out.get_finished_spans()) == MOST_CALLS + 1
    assert out.attributes("job step") == {"lightly.untold_calls": 7}


def test_every_call_that_is_watched_is_one_of_a_store() -> None:
    assert all(callable(getattr(Store, name)) for name in spans.CALLS)


def test_a_message_carries_the_trace_of_a_request_and_of_nothing_else(recorder: Recorder, out: Told) -> None:
    headers: dict[str, str] = {}
    with spans.span("scheduled"):
        messages._send(headers)
    assert headers == {}
    with log_context.about(request_id="r-1234567"):
        messages._send(headers)
        assert headers == {}
        began = recorder.begin("POST", {}, kind=SpanKind.SERVER)
        messages._send(headers)
        recorder.end(began)
    assert list(headers) == [messages.TRACE_HEADER]

    for sent_by in (headers[messages.TRACE_HEADER], "nonsense", ["wrong"]):
        request = SimpleNamespace(delivery_info={"routing_key": "checks"}, **{messages.TRACE_HEADER: sent_by})
        messages._begin("1", SimpleNamespace(name="tests.carried", request=request))
        messages._fail("1", ValueError(SECRET))
        messages._end("1")
    first, *others = (span for span in out.get_finished_spans() if span.name == "task tests.carried")
    assert first.parent is not None
    assert first.parent.span_id == began[0].span.get_span_context().span_id
    assert [span.parent for span in others] == [None, None]
    assert (first.attributes or {})["error.type"] == "ValueError"
    assert SECRET not in first.to_json()
    assert messages._began == {}


def test_a_request_is_named_by_its_route(
    recorder: Recorder, out: Told, settings: Settings, monkeypatch: pytest.MonkeyPatch, client: Client, alice: User
) -> None:
    monkeypatch.setattr(traces, "start", lambda part: recorder)
    first, *others = settings.MIDDLEWARE
    settings.MIDDLEWARE = [first, "lightly_platform.traces.requests.TraceMiddleware", *others]
    client.get(f"/accounts/login/?next={SECRET}")
    client.get(f"/{SECRET}/")
    client.get("/healthz")
    client.generic("BREW", "/accounts/login/")
    names = sorted(span.name for span in out.get_finished_spans())
    assert names == ["GET", "GET account_login", "other account_login"]
    about = out.attributes("GET account_login")
    assert about.pop("lightly.request_id")
    assert about == {
        "http.request.method": "GET",
        "http.route": "accounts/login/",
        "http.response.status_code": 200,
    }
    assert all(SECRET not in span.to_json() for span in out.get_finished_spans())


def test_an_error_of_a_view_is_told_by_its_type(recorder: Recorder, out: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "start", lambda part: recorder)
    request = RequestFactory().get("/")
    middleware = TraceMiddleware(lambda request: HttpResponse(status=500))
    vars(request)["resolver_match"] = None

    def fails(asked: object) -> HttpResponse:
        middleware.process_exception(request, ValueError(SECRET))
        return HttpResponse(status=500)

    middleware.get_response = fails
    middleware(request)
    (span,) = out.get_finished_spans()
    assert (span.status.status_code, out.attributes("GET")["error.type"]) == (trace.StatusCode.ERROR, "ValueError")
    assert SECRET not in span.to_json()


class Refusing(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise OSError(SECRET)


def test_a_collector_that_is_away_is_told_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [100.0]
    monkeypatch.setattr("lightly_platform.traces.starting.time", SimpleNamespace(monotonic=lambda: now[0]))
    exporter = starting.CarefulExporter(Refusing())
    span = TracerProvider(shutdown_on_exit=False).get_tracer("any").start_span("lost")
    assert isinstance(span, ReadableSpan)
    caplog.set_level(logging.DEBUG)
    for seconds in (0, 30, 59.5, 60, 61):
        now[0] = 100.0 + seconds
        assert exporter.export([span]) is SpanExportResult.FAILURE
    told = [record.getMessage() for record in caplog.records]
    assert [line.partition("; ")[2] for line in told] == ["1 spans are lost", "3 spans are lost"]
    assert SECRET not in caplog.text


def test_a_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "NEEDED", ("opentelemetry.sdk.trace", "no_such.package"))
    assert not read_environment({}).traces
    with pytest.raises(WrongEnvironment, match="install them with `make traces`"):
        read_environment({"LIGHTLY_TRACES": "1"})
    monkeypatch.undo()
    assert read_environment({"LIGHTLY_TRACES": "1"}).traces


def test_wrong_variables_of_the_sdk_stop_nobody(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LIGHTLY_TRACES = True
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "0")
    assert traces.start("web") is None
    assert traces.start("web") is None
    traces.stop()
    assert [record.getMessage() for record in caplog.records if record.name == "lightly_platform.traces"] == [
        "Traces can't be recorded (ValueError): look at the variables OTEL_*"
    ]


def test_a_child_starts_its_own(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.LIGHTLY_TRACES = True
    monkeypatch.setattr(traces, "_running", (os.getpid() + 1, None))
    recorder = traces.start("worker")
    try:
        assert recorder is not None
        assert traces.start("worker") is recorder
    finally:
        traces.stop()
    assert traces._running is None


def test_nothing_is_loaded_while_it_is_off(python: Run) -> None:
    ended = python("-c", LOAD)
    assert (ended.stdout.strip(), ended.returncode) == ("[]", 0), ended.stderr
