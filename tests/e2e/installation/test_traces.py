"""A whole installation that sends traces to a real receiver of OTLP over HTTP, or to one that is away."""

from __future__ import annotations

import signal

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from lightly_platform.traces.listed import ATTRIBUTES
from tests.e2e.conftest import NewStack, filled_bucket, reader
from tests.e2e.installation.test_leaks import core, leaks
from tests.e2e.support.stack import Stack
from tests.receivers import HookReceiver
from tests.servers import Cloud, Config
from tests.servers.process import eventually, free_port

OF_PROXY = "0a1b2c3d4e5f-of-a-proxy"
CHECK = "task datasources.tasks.run_check"
LOST = "The collector of traces takes none"


class Trace:
    """The spans that a receiver got, by their ids."""

    def __init__(self, receiver: HookReceiver) -> None:
        self.parts: set[str] = set()
        self.spans: dict[bytes, Span] = {}
        for each in receiver.received:
            assert each.path == "/v1/traces"
            for told in ExportTraceServiceRequest.FromString(each.body).resource_spans:
                names = {one.key: one.value.string_value for one in told.resource.attributes}
                self.parts.add(names["service.name"])
                self.spans |= {span.span_id: span for scope in told.scope_spans for span in scope.spans}

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans.values() if span.name == name]

    def above(self, span: Span) -> list[str]:
        """The names of the spans above it, the nearest first."""
        names = []
        while span.parent_span_id:
            above = self.spans[span.parent_span_id]
            assert above.trace_id == span.trace_id
            names.append(above.name)
            span = above
        return names


def told(span: Span) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def put(stack: Stack, dataset: str, token: str, config: Config) -> requests.Response:
    return requests.put(
        f"{stack.url}/v1/datasets/{dataset}/datasource",
        params={"token": token},
        json={**config, "purpose": "INPUT"},
        # Anybody may write the other one, so it counts for nothing.
        headers={"X-Request-ID": OF_PROXY, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
        timeout=60,
    )


def end(stack: Stack) -> None:
    run = stack._processes[0]
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=60) == 0


@pytest.mark.timeout(300)  # two checks and an index, in an installation of its own
def test_a_save_is_one_trace_from_the_request_to_the_storage(new_stack: NewStack, cloud: Cloud) -> None:
    with HookReceiver() as receiver:
        stack = new_stack(
            LIGHTLY_TRACES="1", LIGHTLY_TRUSTED_PROXIES="1", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url
        ).run()
        owner = stack.backstage.person("owner")
        dataset, token = stack.backstage.dataset("street", owner), stack.backstage.token(owner)
        bucket = filled_bucket(cloud)
        right = reader(cloud, bucket)
        wrong = cloud.with_wrong_secret(right)
        assert put(stack, dataset, token, wrong).status_code == 204
        assert eventually(lambda: stack.backstage.checks(dataset)[0]["outcome"] != "", 60)
        assert put(stack, dataset, token, right).status_code == 204
        assert eventually(lambda: stack.backstage.checks(dataset)[0]["outcome"] == "GREEN", 20)
        check = stack.backstage.checks(dataset)[0]["id"]
        # The first green check of an Input begins an index.
        assert eventually(lambda: "(contents.index) ended" in stack.log("run"), 30), stack.log("run")
        end(stack)

        trace = Trace(receiver)
        assert {"lightly-web", "lightly-worker"} <= trace.parts
        saved = max(trace.named("PUT api:put_datasource"), key=lambda span: span.start_time_unix_nano)
        assert told(saved) == {
            "http.request.method": "PUT",
            "http.route": "v1/datasets/<dataset_id>/datasource",
            "http.response.status_code": 204,
            "lightly.request_id": OF_PROXY,
        }
        assert not saved.parent_span_id
        (listing,) = (
            span
            for span in trace.named("storage keys")
            if span.trace_id == saved.trace_id and told(span).get("lightly.permission") == "list"
        )
        assert trace.above(listing) == ["check", CHECK, saved.name]
        assert told(listing) == {
            "http.response.status_code": 200,
            "lightly.requests": 1,
            "lightly.provider": "S3",
            "lightly.operation": "keys",
            "lightly.permission": "list",
            "lightly.check_id": check,
            "lightly.dataset_id": dataset,
            "lightly.request_id": OF_PROXY,
            "lightly.task": "datasources.tasks.run_check",
            "lightly.task_id": told(listing)["lightly.task_id"],
        }
        assert (
            told(trace.spans[listing.parent_span_id]).items()
            >= {"lightly.list": "granted", "lightly.check_id": check}.items()
        )
        (queued,) = (span for span in trace.named(CHECK) if told(span)["lightly.check_id"] == check)
        assert told(queued)["lightly.queue"] == "checks"
        page = next(iter(trace.named("storage page")))
        assert trace.above(page)[:2] == ["job step", "task jobs.tasks.run_slice"]
        assert trace.above(page)[-2:] == [CHECK, saved.name]
        assert told(trace.spans[page.parent_span_id])["lightly.job_kind"] == "contents.index"
        refused = next(span for span in trace.spans.values() if told(span).get("lightly.cause") == "wrong_secret")
        assert told(refused)["error.type"] == "StoreError"
        assert refused.status.code == Status.STATUS_CODE_ERROR
        assert refused.status.message == ""
        assert [[one.key for one in event.attributes] for event in refused.events] == [["exception.type"]]

        bodies = {f"{number}": each.body for number, each in enumerate(receiver.received)}
        assert leaks([core(right), core(wrong), token, bucket, "image.jpg", cloud.address], bodies) == []
        assert {name for span in trace.spans.values() for name in told(span)} <= set(ATTRIBUTES.values())


def test_without_a_collector_everything_works_as_ever(new_stack: NewStack, cloud: Cloud) -> None:
    # What takes no connection, and its name has a password.
    away = f"http://user:planted-password@127.0.0.1:{free_port()}"
    stack = new_stack(LIGHTLY_TRACES="1", OTEL_EXPORTER_OTLP_ENDPOINT=away, OTEL_EXPORTER_OTLP_TIMEOUT="1").run()
    owner = stack.backstage.person("owner")
    dataset, token = stack.backstage.dataset("street", owner), stack.backstage.token(owner)
    assert put(stack, dataset, token, reader(cloud, filled_bucket(cloud))).status_code == 204
    assert eventually(lambda: stack.backstage.checks(dataset)[0]["outcome"] == "GREEN", 20)
    assert eventually(lambda: LOST in stack.log("run"), 60)
    end(stack)
    lines = [line for line in stack.log("run").splitlines() if LOST in line]
    processes = [line.split()[4] for line in lines]
    assert sorted(processes) == sorted(set(processes))
    assert "planted-password" not in stack.log("run")
    assert "Traceback" not in stack.log("run")
