"""The S3-compatible server of `make demo`: moto with IAM enforcement, on this machine only, in memory only."""

from __future__ import annotations

import json
import logging
import signal
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from lightly_platform.demo.files import gate_videos, street_annotations, street_images
from lightly_platform.demo.images import leaf
from lightly_platform.demo.signed_urls import SignedUrls
from lightly_platform.env import read_environment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from mypy_boto3_iam import IAMClient
    from werkzeug.serving import BaseWSGIServer

REGION = "eu-central-1"
INPUT_BUCKET = "acme-raw"
LIGHTLY_BUCKET = "acme-lightly"

_README = b"Lightly keeps its files here.\n"
_LIST = "s3:ListBucket"
_READ_CORS = "s3:GetBucketCORS"
_READ = "s3:GetObject"
_WRITE = "s3:PutObject"
# With this one, which nobody has to give, runs tidy up after themselves.
_DELETE = "s3:DeleteObject"
# The rights the product asks for, leave to read CORS rules and to tidy up, and one user who was given too few.
_USERS = {
    "input-reader": (INPUT_BUCKET, [_READ]),
    "lightly-writer": (LIGHTLY_BUCKET, [_READ, _WRITE, _DELETE]),
    "lightly-reader": (LIGHTLY_BUCKET, [_READ]),
    "street-writer": (LIGHTLY_BUCKET, [_READ, _WRITE, _DELETE]),
}
# Changes what others may do: a colleague in the cloud's console, who tells nobody.
_ADMINISTRATOR = "administrator"


def connection_file(data_dir: Path) -> Path:
    """Appears when the server is ready: {"endpoint": URL, "keys": {user: [access key id, secret]}}."""
    return data_dir / "storage.json"


def serve(data_dir: Path) -> None:
    # Not a line per request, nor a traceback where moto stumbles over the unsigned question that browsers ask (CORS).
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _answer_preflights(server)
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = _fill(endpoint)
    web = cast("BaseWSGIServer", server._server)  # None only before its start
    web.app = SignedUrls(web.app, dict(keys.values()))
    draft = connection_file(data_dir).with_suffix(".draft")
    draft.write_text(json.dumps({"endpoint": endpoint, "keys": keys}), encoding="ascii")
    draft.rename(connection_file(data_dir))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


_EARLIER = ("street", "forklift", "loading-dock", "leaf")


def _answer_preflights(server: ThreadedMotoServer) -> None:
    """As S3 does it where no rule allows one. moto wants even these signed, which no browser does, and crashes."""
    web = cast("BaseWSGIServer", server._server)  # None only before its start
    app = web.app

    def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "OPTIONS":
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/xml")])
        return [b"<Error><Code>AccessForbidden</Code><Message>CORSResponse</Message></Error>"]

    web.app = answering


def _client(service: Any, endpoint: str, key_id: str = "seed", secret: str = "seed") -> Any:  # noqa: S107 - see _fill
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}),
    )


def _put(bucket: str, folder: str, files: Iterable[tuple[str, bytes]]) -> None:
    """Past HTTP, which for a thousand files takes several seconds longer."""
    for key, body in files:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, f"{folder}/{key}", body)


def _fill(endpoint: str) -> dict[str, list[str]]:
    # moto does not ask yet who is calling.
    s3 = _client("s3", endpoint)
    for bucket in (INPUT_BUCKET, LIGHTLY_BUCKET):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for bucket, folder, files in (
        (INPUT_BUCKET, "street/input", street_images()),
        (LIGHTLY_BUCKET, "street", street_annotations()),
        (INPUT_BUCKET, "forklift/cams", gate_videos()),
        (INPUT_BUCKET, "leaf/input", ((f"leaf-{number:03}.jpg", leaf(number)) for number in range(12))),
        # What an earlier run of Lightly would have left in the output directories.
        *((LIGHTLY_BUCKET, name, [(".lightly/README.txt", _README)]) for name in _EARLIER),
    ):
        _put(bucket, folder, files)
    # Pages may load from the one bucket and not from the other, so that both notes can be seen.
    anybody = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "HEAD"]}
    s3.put_bucket_cors(Bucket=INPUT_BUCKET, CORSConfiguration={"CORSRules": [anybody]})
    iam = _client("iam", endpoint)
    keys = {name: _user(iam, name, _policy(bucket, actions)) for name, (bucket, actions) in _USERS.items()}
    keys[_ADMINISTRATOR] = _user(iam, _ADMINISTRATOR, _allow(["iam:PutUserPolicy"], "*"))
    # From now on every call must be signed and allowed. moto wants exactly this content type.
    request = urllib.request.Request(  # noqa: S310
        f"{endpoint}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    return keys


def change_rights(data_dir: Path, *users: str, may_write: bool) -> None:
    """Give these users of the Lightly bucket the right to write, or take it, behind the platform's back."""
    connection = json.loads(connection_file(data_dir).read_text())
    iam: IAMClient = _client("iam", connection["endpoint"], *connection["keys"][_ADMINISTRATOR])
    policy = _policy(LIGHTLY_BUCKET, [_READ, _WRITE, _DELETE] if may_write else [_READ])
    for name in users:
        iam.put_user_policy(UserName=name, PolicyName="lightly", PolicyDocument=json.dumps(policy))


def _policy(bucket: str, actions: list[str]) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    return _allow([_LIST, _READ_CORS], arn, *_allow(actions, f"{arn}/*")["Statement"])


def _allow(actions: list[str], resource: str, *more: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": [resource]}
    return {"Version": "2012-10-17", "Statement": [statement, *more]}


def _user(iam: IAMClient, name: str, policy: dict[str, Any]) -> list[str]:
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="lightly", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    serve(read_environment().data_dir)
