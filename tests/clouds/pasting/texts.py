"""What people paste, for all clouds: the text, the provider that was chosen, and what it tells."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

from tests.clouds.examples import SAS, SECRET, service_account

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
# As long as the secrets that AWS makes.
AWS_SECRET = "plantedSecret/0123456789+abcdefghijklmnO"
ROLE = "arn:aws:iam::123456789012:role/Lightly"
RESOURCE = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acmestore"
_AZURE_URL = "https://acmestore.blob.core.windows.net/images/street/"
_STREET = {"path": "images/street/", "account": "acmestore"}
_BOTH = {"access_key_id": KEY_ID, "secret_access_key": AWS_SECRET}
_S3 = {"path": "s3://acme/street/input/", "region": "eu-central-1"}
_OBS = "https://obs.eu-de.otc.t-systems.com"
_OBS_STREET = {"path": "obs://acme/street/", "endpoint": _OBS}
_OBS_KEYS = {"access_key_id": "H3Q1K2J7ZEXAMPLE", "secret_access_key": SECRET}

# (text, chosen provider, provider it is for, fields)
READ: list[tuple[str, str, str, dict[str, Any]]] = [
    # S3: paths and the console
    ("s3://acme/street", "S3", "S3", {"path": "s3://acme/street"}),
    ("S3A://acme/street/", "S3", "S3", {"path": "s3://acme/street/"}),
    ("  's3://acme/it''s/'\n", "S3DelegatedAccess", "S3DelegatedAccess", {"path": "s3://acme/it''s/"}),
    (
        "https://s3.console.aws.amazon.com/s3/buckets/acme?region=eu-central-1&prefix=street/input/&showversions=false",
        "S3",
        "S3",
        _S3,
    ),
    (
        "https://eu-central-1.console.aws.amazon.com/s3/buckets/acme?prefix=street%2Finput%2F&bucketType=general",
        "S3DelegatedAccess",
        "S3DelegatedAccess",
        _S3,
    ),
    (
        "https://eu-central-1.console.aws.amazon.com/s3/object/acme?region=eu-central-1&prefix=street/input/a.jpg",
        "GCS",
        "S3",
        _S3,
    ),
    ("https://s3.console.aws.amazon.com/s3/object/acme/street/input/a.jpg?region=eu-central-1", "S3", "S3", _S3),
    ("https://s3.console.aws.amazon.com/s3/buckets/acme", "S3", "S3", {"path": "s3://acme/"}),
    (
        "https://console.amazonaws.cn/s3/buckets/acme?region=cn-north-1",
        "S3",
        "S3",
        {"path": "s3://acme/", "region": "cn-north-1"},
    ),
    # S3: URLs of objects
    ("https://acme.s3.eu-central-1.amazonaws.com/street/input/a.jpg", "S3", "S3", _S3),
    ("https://acme.s3.eu-central-1.amazonaws.com/street/input/", "AZURE", "S3", _S3),
    ("https://s3.eu-central-1.amazonaws.com/acme/street/input", "S3", "S3", _S3),
    ("https://s3-eu-central-1.amazonaws.com/acme/street/input/", "S3", "S3", _S3),
    ("https://acme.s3.dualstack.eu-central-1.amazonaws.com/street/input/", "S3", "S3", _S3),
    ("http://acme.s3-website.eu-central-1.amazonaws.com/street/input/", "S3", "S3", _S3),
    ("https://acme.s3.amazonaws.com/a%20b/", "S3", "S3", {"path": "s3://acme/a b/"}),
    ("acme.s3.eu-central-1.amazonaws.com/street/input", "S3", "S3", _S3),
    ("https://my.bucket.s3.us-east-2.amazonaws.com/", "S3", "S3", {"path": "s3://my.bucket/", "region": "us-east-2"}),
    (
        "https://acme.s3.cn-north-1.amazonaws.com.cn/x/",
        "S3",
        "S3",
        {"path": "s3://acme/x/", "region": "cn-north-1"},
    ),
    ("https://acme.s3.amazonaws.com/?list-type=2&prefix=street%2F", "S3", "S3", {"path": "s3://acme/street/"}),
    (
        "https://acme.s3.amazonaws.com/street/input/a.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
        f"{KEY_ID}%2F20261101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature=plantedSignature",
        "S3",
        "S3",
        _S3,
    ),
    # S3: ARNs
    ("arn:aws:s3:::acme", "S3", "S3", {"path": "s3://acme/"}),
    ('"arn:aws:s3:::acme/street/*",', "S3", "S3", {"path": "s3://acme/street/"}),
    (ROLE, "S3DelegatedAccess", "S3DelegatedAccess", {"role_arn": ROLE}),
    (ROLE, "S3", "S3DelegatedAccess", {"role_arn": ROLE}),
    (
        "arn:aws:kms:eu-central-1:123456789012:key/1234abcd",
        "S3",
        "S3",
        {"kms_key_arn": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"},
    ),
    # S3: keys
    (f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {AWS_SECRET}\n", "S3", "S3", _BOTH),
    (
        f"[default]\r\nregion=eu-central-1\r\naws_access_key_id={KEY_ID}\r\naws_secret_access_key={AWS_SECRET}",
        "S3DelegatedAccess",
        "S3",
        _BOTH | {"region": "eu-central-1"},
    ),
    (f"[default]aws_access_key_id = {KEY_ID}aws_secret_access_key = {AWS_SECRET}", "S3", "S3", _BOTH),
    (f"[default] aws_access_key_id = {KEY_ID} aws_secret_access_key = {AWS_SECRET}", "S3", "S3", _BOTH),
    (f"export AWS_ACCESS_KEY_ID={KEY_ID}\nexport AWS_SECRET_ACCESS_KEY='{AWS_SECRET}'\n", "S3", "S3", _BOTH),
    (
        f"export AWS_ACCESS_KEY_ID={KEY_ID}export AWS_SECRET_ACCESS_KEY={AWS_SECRET}"
        "export AWS_DEFAULT_REGION=eu-west-1",
        "S3",
        "S3",
        _BOTH | {"region": "eu-west-1"},
    ),
    (f'$Env:AWS_ACCESS_KEY_ID="{KEY_ID}"\n$Env:AWS_SECRET_ACCESS_KEY="{AWS_SECRET}"', "S3", "S3", _BOTH),
    (f"set AWS_ACCESS_KEY_ID={KEY_ID}\nset AWS_SECRET_ACCESS_KEY={AWS_SECRET}", "S3", "S3", _BOTH),
    (f"\ufeffAccess key ID,Secret access key\r\n{KEY_ID},{AWS_SECRET}\r\n", "S3", "S3", _BOTH),
    (f"Access key ID,Secret access key{KEY_ID},{AWS_SECRET}", "S3", "S3", _BOTH),
    (f"Access key ID,Secret access key {KEY_ID},{AWS_SECRET}", "S3", "S3", _BOTH),
    (
        "User name,Password,Access key ID,Secret access key,Console login link\n"
        f"bob,,{KEY_ID},{AWS_SECRET},https://1.signin.aws.amazon.com/console",
        "S3",
        "S3",
        _BOTH,
    ),
    (json.dumps({"AccessKey": {"AccessKeyId": KEY_ID, "SecretAccessKey": AWS_SECRET}}, indent=2), "S3", "S3", _BOTH),
    (f"{KEY_ID} {AWS_SECRET}", "S3", "S3", _BOTH),
    (f"{KEY_ID}:{AWS_SECRET}", "AZURE", "S3", _BOTH),
    (f"Access key ID: {KEY_ID}\nSecret access key: {AWS_SECRET}", "GCS", "S3", _BOTH),
    (KEY_ID, "S3", "S3", {"access_key_id": KEY_ID}),
    (f"AWS_SECRET_ACCESS_KEY={AWS_SECRET}", "S3", "S3", {"secret_access_key": AWS_SECRET}),
    (
        f"[profile x]\nrole_arn = {ROLE}\nexternal_id = lightly-4f1c9a7be2\nregion = eu-west-1",
        "S3",
        "S3DelegatedAccess",
        {"role_arn": ROLE, "external_id": "lightly-4f1c9a7be2", "region": "eu-west-1"},
    ),
    # Azure
    (
        f"{_AZURE_URL}?{SAS}",
        "AZURE",
        "AZURE",
        {"path": "images/street/", "account": "acmestore", "sas_token": SAS},
    ),
    (
        f'"https://acmestore.blob.core.windows.net/images?{SAS}"',
        "S3",
        "AZURE",
        {"path": "images/", "account": "acmestore", "sas_token": SAS},
    ),
    (
        f"{_AZURE_URL}a.jpg?{SAS.replace('&', '&amp;')}",
        "AZURE",
        "AZURE",
        {"path": "images/street/", "account": "acmestore", "sas_token": SAS},
    ),
    (
        f"https://acmestore.blob.core.windows.net/?{SAS}",
        "AZURE",
        "AZURE",
        {"account": "acmestore", "sas_token": SAS},
    ),
    (_AZURE_URL, "OBS", "AZURE", _STREET),
    (
        "https://acmestore.dfs.core.windows.net/images/street",
        "AZURE",
        "AZURE",
        _STREET,
    ),
    ("acmestore.blob.core.windows.net", "AZURE", "AZURE", {"account": "acmestore"}),
    (
        "abfss://images@acmestore.dfs.core.windows.net/street",
        "AZURE",
        "AZURE",
        _STREET,
    ),
    ("wasbs://images@acmestore.blob.core.windows.net/", "S3", "AZURE", {"path": "images/", "account": "acmestore"}),
    ("az://images/street/", "AZURE", "AZURE", {"path": "images/street/"}),
    (f"?{SAS}", "AZURE", "AZURE", {"sas_token": f"?{SAS}"}),
    (f'"{SAS}"', "GCS", "AZURE", {"sas_token": SAS}),
    (
        f"DefaultEndpointsProtocol=https;AccountName=acmestore;SharedAccessSignature={SAS};EndpointSuffix=core.windows.net",
        "AZURE",
        "AZURE",
        {"account": "acmestore", "sas_token": SAS},
    ),
    (
        f"BlobEndpoint=https://acmestore.blob.core.windows.net/;QueueEndpoint=https://x/;SharedAccessSignature={SAS}",
        "S3",
        "AZURE",
        {"account": "acmestore", "sas_token": SAS},
    ),
    (
        f"AZURE_STORAGE_ACCOUNT=acmestore\nAZURE_STORAGE_SAS_TOKEN='{SAS}'",
        "AZURE",
        "AZURE",
        {"account": "acmestore", "sas_token": SAS},
    ),
    (
        "https://portal.azure.com/#view/Microsoft_Azure_Storage/ContainerMenuBlade/~/overview/storageAccountId/"
        f"{urllib.parse.quote(RESOURCE, safe='')}/path/images/etag/%220x8D%22",
        "AZURE",
        "AZURE",
        {"account": "acmestore", "path": "images/"},
    ),
    (f"https://portal.azure.com/#@acme.com/resource{RESOURCE}/overview", "S3", "AZURE", {"account": "acmestore"}),
    (
        f"{RESOURCE}/blobServices/default/containers/images",
        "AZURE",
        "AZURE",
        {"account": "acmestore", "path": "images/"},
    ),
    # Google Cloud
    ("gs://acme/street", "S3", "GCS", {"path": "gs://acme/street"}),
    (
        "https://console.cloud.google.com/storage/browser/acme/street;tab=objects?project=acme-prod&prefix=&pli=1",
        "GCS",
        "GCS",
        {"path": "gs://acme/street/", "project_id": "acme-prod"},
    ),
    (
        "https://console.cloud.google.com/storage/browser/_details/acme/street/a.jpg;tab=live_object?project=acme-prod",
        "S3",
        "GCS",
        {"path": "gs://acme/street/", "project_id": "acme-prod"},
    ),
    ("https://storage.googleapis.com/acme/street/a.jpg", "GCS", "GCS", {"path": "gs://acme/street/"}),
    ("https://storage.cloud.google.com/acme/street/", "GCS", "GCS", {"path": "gs://acme/street/"}),
    ("https://acme.storage.googleapis.com/street/", "GCS", "GCS", {"path": "gs://acme/street/"}),
    (
        "https://storage.googleapis.com/storage/v1/b/acme/o/street%2Fa.jpg?alt=media",
        "GCS",
        "GCS",
        {"path": "gs://acme/street/"},
    ),
    (
        "https://storage.googleapis.com/acme/street/a.jpg?X-Goog-Signature=plantedSignature&X-Goog-Expires=900",
        "GCS",
        "GCS",
        {"path": "gs://acme/street/"},
    ),
    ("//storage.googleapis.com/projects/_/buckets/acme", "GCS", "GCS", {"path": "gs://acme/"}),
    (service_account(), "GCS", "GCS", {"credentials": service_account(), "project_id": "acme-vision"}),
    (f"\ufeff{service_account()}\n", "S3", "GCS", {"credentials": service_account(), "project_id": "acme-vision"}),
    (f"'{service_account()}'", "GCS", "GCS", {"credentials": service_account(), "project_id": "acme-vision"}),
    (
        json.dumps(service_account()),
        "GCS",
        "GCS",
        {"credentials": service_account(), "project_id": "acme-vision"},
    ),
    # OBS
    ("obs://acme/street", "S3", "OBS", {"path": "obs://acme/street"}),
    (
        "https://acme.obs.eu-de.otc.t-systems.com/street/a.jpg",
        "OBS",
        "OBS",
        _OBS_STREET,
    ),
    ("https://obs.eu-de.otc.t-systems.com/acme/street/", "S3", "OBS", _OBS_STREET),
    ("obs.eu-de.otc.t-systems.com", "OBS", "OBS", {"endpoint": _OBS}),
    ("acme.obs.eu-de.otc.t-systems.com", "OBS", "OBS", {"endpoint": _OBS, "path": "obs://acme/"}),
    (
        "https://acme.obs.cn-north-4.myhuaweicloud.com:443/",
        "GCS",
        "OBS",
        {"path": "obs://acme/", "endpoint": "https://obs.cn-north-4.myhuaweicloud.com:443"},
    ),
    (
        "https://console.huaweicloud.com/console/?region=cn-east-3#/obs/manage/acme/object/list",
        "OBS",
        "OBS",
        {"path": "obs://acme/", "endpoint": "https://obs.cn-east-3.myhuaweicloud.com"},
    ),
    (
        "https://console.otc.t-systems.com/obs/?region=eu-de#/obs/manage/acme/overview",
        "S3",
        "OBS",
        {"path": "obs://acme/", "endpoint": _OBS},
    ),
    (f"User Name,Access Key Id,Secret Access Key\nbob,H3Q1K2J7ZEXAMPLE,{SECRET}", "OBS", "OBS", _OBS_KEYS),
    (
        f"endpoint=obs.eu-de.otc.t-systems.com\nak=H3Q1K2J7ZEXAMPLE\nsk={SECRET}",
        "OBS",
        "OBS",
        _OBS_KEYS | {"endpoint": _OBS},
    ),
    (
        "https://minio.acme.example/acme/street/",
        "OBS",
        "OBS",
        {"path": "obs://acme/street/", "endpoint": "https://minio.acme.example"},
    ),
]

# (text, chosen provider, words of the reason)
REFUSED = [
    (f"DefaultEndpointsProtocol=https;AccountName=acmestore;AccountKey={'x' * 86}==", "AZURE", "Make a SAS token"),
    (f"AccountKey={SECRET}", "S3", "Make a SAS token"),
    (f"{'x' * 86}==", "AZURE", "the key of a storage account"),
    ("UseDevelopmentStorage=true", "AZURE", "emulator"),
    (f"AZURE_STORAGE_ACCOUNT=a\nAZURE_STORAGE_KEY={SECRET}", "AZURE", "Make a SAS token"),
    ("https://acmestore.queue.core.windows.net/x", "AZURE", "queue service"),
    ("https://acmestore.blob.core.chinacloudapi.cn/images", "AZURE", "Only storage accounts at"),
    ("https://portal.azure.com/#home", "AZURE", "about no storage account"),
    ("https://eu-central-1.console.aws.amazon.com/s3/home", "S3", "about no bucket"),
    ("https://us-east-1.console.aws.amazon.com/iam/home#/roles/details/Lightly", "S3DelegatedAccess", "Copy the ARN"),
    ("arn:aws:iam::123456789012:user/bob", "S3", "ARN of a user"),
    ("arn:aws:sts::123456789012:assumed-role/Lightly/me", "S3DelegatedAccess", "ARN of a session"),
    ("arn:aws:s3:eu-central-1:123456789012:accesspoint/x", "S3", "access point"),
    ("https://x-123456789012.s3-accesspoint.eu-central-1.amazonaws.com/", "S3", "access point"),
    ("https://s3.eu-central-1.amazonaws.com/", "S3", "names no bucket"),
    (f"aws_access_key_id=ASIAIOSFODNN7EXAMPLE\naws_secret_access_key={AWS_SECRET}", "S3", "temporary credentials"),
    (
        f"AWS_ACCESS_KEY_ID={KEY_ID}\nAWS_SECRET_ACCESS_KEY={AWS_SECRET}\nAWS_SESSION_TOKEN={SECRET}",
        "S3",
        "temporary credentials",
    ),
    (json.dumps({"type": "authorized_user", "refresh_token": SECRET}), "GCS", "authorized_user"),
    (json.dumps({"type": "external_account", "x": SECRET}), "S3", "service account"),
    (json.dumps({"installed": {"client_secret": SECRET}}), "GCS", "OAuth client"),
    (json.loads(service_account())["private_key"], "GCS", "private key alone"),
    ("https://console.cloud.google.com/iam-admin/serviceaccounts?project=p", "GCS", "about no bucket"),
    ("https://console.otc.t-systems.com/console/?region=eu-de#/home", "OBS", "about no bucket"),
]

# Ordinary values, and what nobody knows.
ORDINARY = [
    ("images/street/", "AZURE"),
    ("images/v1.2/", "AZURE"),
    ("eu-central-1", "S3"),
    (AWS_SECRET, "S3"),
    (SECRET, "OBS"),
    ("lightly-4f1c9a7be2", "S3DelegatedAccess"),
    ("acme-vision", "GCS"),
    ("", "S3"),
    ("https://example.com/some/page", "S3"),
    ("https://example.com/some/page", "GCS"),
    ("hello world", "S3"),
    ("{", "GCS"),
    ("[]", "GCS"),
]
