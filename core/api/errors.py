"""Errors as the REST API tells them: a code of the client's list, a status, and a sentence for a person."""


class ApiError(Exception):
    """`code` is one of the client's ApiErrorCode names; `status` the HTTP status that goes with it.

    `retry_after` is in seconds: when to come back (the header Retry-After).
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def unauthorized() -> ApiError:
    return ApiError(401, "UNAUTHORIZED", "The API token is missing, unknown, expired or revoked.")


def malformed(message: str) -> ApiError:
    return ApiError(400, "MALFORMED_REQUEST", message)
