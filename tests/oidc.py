"""A small OpenID Connect provider on 127.0.0.1: discovery, authorisation code with PKCE, signed ID tokens, user info.

https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "lightly-platform", "planted-client-secret"


class OpenIDProvider:
    """`person` is who signs in next, as claims; None refuses."""

    def __init__(self) -> None:
        self.person: dict[str, Any] | None = None
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, urlsplit(self.path), {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.answer(self, urlsplit(self.path), {name: values[0] for name, values in parse_qs(body).items()})

            def log_message(self, *arguments: Any) -> None:
                """Nothing: pytest shows enough."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> OpenIDProvider:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler: Any, url: Any, form: dict[str, str]) -> None:
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/.well-known/openid-configuration":
            return self._json(handler, self._configuration())
        if url.path == "/authorize":
            return self._authorize(handler, query)
        if url.path == "/token":
            return self._token(handler, form)
        if url.path == "/userinfo":
            scheme, _, token = handler.headers.get("Authorization", "").partition(" ")
            claims = self.tokens.get(token) if scheme == "Bearer" else None
            return self._json(handler, claims or {"error": "invalid_token"}, 200 if claims else 401)
        return self._json(handler, {"error": "not found"}, 404)

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def _authorize(self, handler: Any, query: dict[str, str]) -> None:
        if self.person is None:
            answer = {"error": "access_denied"}
        else:
            code = secrets.token_urlsafe()
            self.codes[code] = {"claims": self.person, **query}
            answer = {"code": code}
        handler.send_response(302)
        handler.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer | {'state': query['state']})}")
        handler.end_headers()

    def _token(self, handler: Any, form: dict[str, str]) -> None:
        asked = self.codes.pop(form["code"], None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        right = (
            asked
            and form["client_id"] == CLIENT_ID
            and form["client_secret"] == CLIENT_SECRET
            and form["redirect_uri"] == asked["redirect_uri"]
            and base64.urlsafe_b64encode(verifier).decode().rstrip("=") == asked["code_challenge"]
        )
        if not asked or not right:
            return self._json(handler, {"error": "invalid_grant"}, 400)
        token = secrets.token_urlsafe()
        self.tokens[token] = asked["claims"]
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **asked["claims"]}
        id_token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})
        return self._json(handler, {"access_token": token, "token_type": "Bearer", "id_token": id_token})

    def _json(self, handler: Any, content: dict[str, Any], status: int = 200) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(json.dumps(content).encode())
