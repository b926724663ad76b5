"""Errors as S3 and the services that speak like it write them."""

from __future__ import annotations

from xml.sax.saxutils import escape

from tests.servers.gate import Response


def xml_error(status: int, code: str, message: str, headers: dict[str, str] | None = None, **details: str) -> Response:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in details.items())
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>{inner}'
        "<RequestId>4442587FB7D0A2F9</RequestId><HostId>test</HostId></Error>"
    )
    return Response(status, body.encode(), {"Content-Type": "application/xml", **(headers or {})})


def sts_error(status: int, code: str, message: str) -> Response:
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{escape(message)}</Message></Error><RequestId>test</RequestId></ErrorResponse>"
    )
    return Response(status, body.encode(), {"Content-Type": "text/xml"})
