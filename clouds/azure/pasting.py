"""What of Azure people paste: URLs of blobs with and without a SAS, connection strings, URLs and IDs of the portal.

https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
"""

import re
import urllib.parse

from clouds.azure.config import CONTAINER, sas_fields
from clouds.pasting import Pasted, Reading, Refusal
from clouds.pasting.pasted import Url, directory_of, place

_ACCOUNT = r"[a-z0-9]{3,24}"
_HOST = re.compile(
    rf"(?P<account>{_ACCOUNT})(?:-secondary)?\.(?P<service>blob|dfs|file|queue|table|web)\.(?P<suffix>.+)"
)
_PUBLIC = "core.windows.net"
_AZURE = re.compile(r"windows\.net|storage\.azure\.net|azure|chinacloud|usgov")
# A storage account's ID, and in it perhaps a container's. The portal's URLs contain it, encoded once.
_RESOURCE = re.compile(
    rf"Microsoft\.Storage/storageAccounts/(?P<account>{_ACCOUNT})"
    r"(?:/blobServices/default/containers/(?P<container>[a-z0-9$-]{3,63}))?",
    re.IGNORECASE,
)
_BLADE_PATH = re.compile(r"/path/(?P<path>[^/?#]+)")
_SCHEMES = {"abfs", "abfss", "wasb", "wasbs"}
# 64 bytes in base64. https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage
_ACCOUNT_KEY = re.compile(r"[A-Za-z0-9+/]{86}==")
_SETTING = re.compile(r"(?:^|[;\s\"'])(?P<name>[A-Za-z_]+)=[\"']?(?P<value>[^;\s\"']*)")

MAKE_A_SAS = (
    "It opens the whole storage account and can't be limited, so it is not accepted. Make a SAS token instead: in the "
    "Azure portal open the container, then Shared access tokens."
)
WITH_KEY = f"This is a connection string with the account's key. {MAKE_A_SAS}"
KEY_ALONE = f"This is the key of a storage account. {MAKE_A_SAS}"
EMULATOR = "This is the connection string of the emulator on your own machine, which this server can't reach."


def recognise(pasted: Pasted, /) -> Reading | Refusal | None:
    return _connection_string(pasted) or _address(pasted) or _portal(pasted) or _token(pasted)


def _connection_string(pasted: Pasted) -> Reading | Refusal | None:
    text = pasted.text
    found = {match["name"].lower(): match["value"] for match in _SETTING.finditer(text)}
    if "usedevelopmentstorage" in found:
        return Refusal(EMULATOR)
    if "accountkey" in found or "azure_storage_key" in found or "azure_storage_account_key" in found:
        return Refusal(WITH_KEY)
    token = found.get("sharedaccesssignature") or found.get("azure_storage_sas_token", "")
    if not token and "accountname" not in found and "azure_storage_account" not in found:
        return None
    account = found.get("accountname") or found.get("azure_storage_account", "")
    if not account:
        host = _HOST.match(urllib.parse.urlsplit(found.get("blobendpoint", "").strip()).hostname or "")
        account = host["account"] if host else ""
    return _reading("a connection string", account=account, token=token)


def _address(pasted: Pasted) -> Reading | Refusal | None:
    scheme, rest = pasted.scheme_and_rest
    if scheme in _SCHEMES | {"az", "azure"}:
        place_of, _, key = rest.partition("/")
        container, _, host = place_of.partition("@")
        at = _HOST.fullmatch(host.lower())
        return _reading("a URI of Azure", account=at["account"] if at else "", container=container, key=key)
    url = pasted.url
    found = _HOST.fullmatch(url.host) if url else None
    if url is None or found is None or not _AZURE.search(found["suffix"]):
        return None
    if found["service"] not in {"blob", "dfs"}:
        return Refusal(f"This is an address of Azure's {found['service']} service. Images lie in its blob service.")
    if not found["suffix"].endswith(_PUBLIC):
        return Refusal(f"Only storage accounts at blob.{_PUBLIC} can be used, and this address is elsewhere.")
    return _blob(url, found["account"])


def _blob(url: Url, account: str) -> Reading | Refusal:
    container, key = url.first_and_rest
    token = url.raw_query if sas_fields(url.raw_query).get("sig") else ""
    what = "a SAS URL" if token else "a URL of Azure Blob Storage"
    return _reading(what, account=account, container=container, key=url.query.get("prefix", key), token=token)


def _portal(pasted: Pasted) -> Reading | Refusal | None:
    text = pasted.text
    is_portal = pasted.url is not None and pasted.url.host.startswith("portal.azure.")
    found = _RESOURCE.search(urllib.parse.unquote(text)) if is_portal or text.startswith("/subscriptions/") else None
    if not found:
        is_elsewhere = (
            "This page of the Azure portal is about no storage account. Open the container and copy that URL."
        )
        return Refusal(is_elsewhere) if is_portal else None
    path = found["container"] or ""
    if not path and (blade := _BLADE_PATH.search(text)):
        path = urllib.parse.unquote(blade["path"])
    container, _, key = path.partition("/")
    what = "a URL of the Azure portal" if is_portal else "the ID of an Azure resource"
    return _reading(what, account=found["account"].lower(), container=container, key=key)


def _token(pasted: Pasted) -> Reading | Refusal | None:
    text = pasted.text
    if _ACCOUNT_KEY.fullmatch(text):
        return Refusal(KEY_ALONE)
    if any(character.isspace() for character in text) or not re.match(r"\??(?:s[a-z]{1,3}|api-version)=", text):
        return None
    # As people copy it from a mail or a page's source.
    return Reading("a SAS token", {"sas_token": text}) if sas_fields(text).get("sig") else None


def _reading(what: str, *, account: str = "", container: str = "", key: str = "", token: str = "") -> Reading | Refusal:
    fields = {"account": account, "sas_token": token}
    notes = []
    if container:
        if not CONTAINER.fullmatch(container):
            return Refusal("The name of the container in it is not one that Azure allows. Copy the URL anew.")
        directory = directory_of(key)
        fields["path"] = place("", container, directory)
        if directory != key:
            notes.append("The file's name was left out, as a datasource is a directory.")
    return Reading(what, {name: value for name, value in fields.items() if value}, notes)
