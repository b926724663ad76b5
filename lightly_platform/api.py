"""The REST API at /v1: puts the apps' routers together, and gives every error the official client's shape."""

import functools
import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Swagger
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from clouds import PROVIDERS
from contents.api.annotations_routes import router as annotations_router
from contents.api.contents_routes import router as contents_router
from contents.api.files.routes import router as files_router
from contents.api.outputs_routes import router as outputs_router
from contents.api.reading_routes import router as reading_router
from contents.api.relevant.routes import router as relevant_router
from contents.api.routes import router as listing_router
from core.api.errors import ApiError
from core.api.lanes import LaneFullError
from core.web.crowd import RETRY_AFTER_SECONDS, TooManyError
from datasets.api.routes import router as datasets_router
from datasets.handover.routes import router as members_router
from datasources.api.routes import router as datasources_router
from lightly_platform.errors import crash_answer, error_answer, passing_problem
from runs.access import NoSuchThingError
from runs.api.run_routes import router as runs_router
from runs.api.sampling_routes import router as sampling_router
from runs.api.schedule_routes import router as schedule_router
from runs.api.worker_routes import router as workers_router
from samples.api.embedding_routes import router as embeddings_router
from samples.api.export_routes import router as exports_router
from samples.api.sample_routes import router as samples_router
from samples.api.tag_routes import router as tags_router
from samples.api.told_routes import router as told_router
from samples.api.upload_routes import router as uploads_router
from teams.api.authentication import TokenAuth
from teams.api.routes import router as teams_router

logger = logging.getLogger(__name__)

LATEST_CLIENT = "1.5.26"  # the newest this server is tested with
OLDEST_CLIENT = "1.2.1"


class _Api(NinjaAPI):
    """Describes itself once, and not for every visitor: that takes half a second."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return self._description(prefix, tuple(PROVIDERS))

    @functools.lru_cache(maxsize=2)  # noqa: B019 - there is one API, and it stays
    def _description(self, prefix: str, providers: tuple[str, ...]) -> OpenAPISchema:
        """`providers`: the clouds, whose fields are part of it."""
        return super().get_openapi_schema(path_prefix=prefix)


api = _Api(
    title="Lightly Platform",
    version="1",
    description="The REST API that the official `lightly` Python client talks to. Send your token as `?token=…` or "
    "as `Authorization: Bearer …`.",
    docs=Swagger(settings={"persistAuthorization": False}),
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api",
    auth=TokenAuth(),
)
api.add_router("", datasets_router)
api.add_router("", datasources_router)
api.add_router("", listing_router)
api.add_router("", contents_router)
api.add_router("", files_router)
api.add_router("", reading_router)
api.add_router("", outputs_router)
api.add_router("", annotations_router)
api.add_router("", relevant_router)
api.add_router("", tags_router)
api.add_router("", samples_router)
api.add_router("", exports_router)
api.add_router("", workers_router)
api.add_router("", schedule_router)
api.add_router("", runs_router)
api.add_router("", embeddings_router)
api.add_router("", uploads_router)
api.add_router("", sampling_router)
api.add_router("", told_router)
api.add_router("", teams_router)
api.add_router("", members_router)


@api.get("/versions/pip/latest", auth=None, response=str, tags=["versions"])
def latest_client(request: HttpRequest) -> str:
    """The newest client this server is tested with."""
    return LATEST_CLIENT


@api.get("/versions/pip/minimum", auth=None, response=str, tags=["versions"])
def oldest_client(request: HttpRequest) -> str:
    """The oldest client that may talk to this server."""
    return OLDEST_CLIENT


@csrf_exempt
def unknown_endpoint(request: HttpRequest) -> HttpResponse:
    return error_answer(
        404, "NOT_FOUND", f"There is no {request.method} {request.path}. See /v1/docs for what there is."
    )


@api.exception_handler(ApiError)
def _told(request: HttpRequest, error: ApiError) -> HttpResponse:
    return error_answer(error.status, error.code, error.message, retry_after=error.retry_after)


@api.exception_handler(LaneFullError)
def _busy(request: HttpRequest, error: LaneFullError) -> HttpResponse:
    return _come_back("Too many requests that talk to clouds are under way.", error.retry_after)


@api.exception_handler(TooManyError)
def _crowded(request: HttpRequest, error: TooManyError) -> HttpResponse:
    return _come_back("Too many requests with this token are under way.", RETRY_AFTER_SECONDS)


def _come_back(reason: str, seconds: int) -> HttpResponse:
    # Not 429: after that the official client pauses for 10 s and more before each of its own retries.
    words = f"{reason} Try again in {seconds} s."
    return error_answer(503, "ILLEGAL_ACTION_RESOURCE_IN_USE", words, retry_after=seconds)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return error_answer(404, "DATASET_UNKNOWN", "There is no such dataset, or it is not shared with you.")


@api.exception_handler(NoSuchThingError)
def _no_such_thing(request: HttpRequest, error: NoSuchThingError) -> HttpResponse:
    return error_answer(404, error.code, str(error))


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return error_answer(403, "FORBIDDEN", str(error) or "You may not do that.")


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return error_answer(400, "MALFORMED_REQUEST", "; ".join(_sentence(problem) for problem in error.errors))


def _sentence(problem: dict[str, Any]) -> str:
    # ("body", "payload", "s3Region") -> s3Region: the caller knows nothing of our argument names.
    where = ".".join(str(part) for part in problem["loc"][1:] if part not in {"payload", "which"})
    return f"{where or 'body'}: {problem['msg'].removeprefix('Value error, ')}"


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return error_answer(413, "PAYLOAD_TOO_LARGE", "The body of the request is too large.")


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    codes = {401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}
    return error_answer(error.status_code, codes.get(error.status_code, "MALFORMED_REQUEST"), str(error))


@api.exception_handler(Exception)
def _crashed(request: HttpRequest, error: Exception) -> HttpResponse:
    if problem := passing_problem(error):
        logger.error("%s at %s %s", type(error).__name__, request.method, request.path)
        return error_answer(503, "UNKNOWN", problem[0], retry_after=problem[1])
    # Without its text: it may quote a request, and so a token or a credential.
    logger.error("Unforeseen %s at %s %s", type(error).__name__, request.method, request.path, exc_info=error)
    return crash_answer(request)
