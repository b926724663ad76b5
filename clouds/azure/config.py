"""The fields of Azure Blob Storage with a shared access signature (SAS)."""

import functools
import re
import urllib.parse
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from clouds.config import CloudConfig, Endpoints, Expiry, SecretWord
from clouds.paths import normalise_path

# https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
CONTAINER = re.compile(r"\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62}")
PATH_EXAMPLE = "my-container/path/to/images/"
SAS_EXAMPLE = "?sv=2025-05-05&sr=c&sp=rl&se=2027-01-01T00%3A00%3A00Z&sig=…"


def sas_fields(token: str) -> dict[str, str]:
    """The parts of a SAS: `sp` letters, `st` start, `se` end, `sr`/`srt` resources, `spr` protocol, `sig` signature.

    https://learn.microsoft.com/rest/api/storageservices/create-service-sas
    """
    return dict(urllib.parse.parse_qsl(token.strip().lstrip("?"), keep_blank_values=True))


def _check_sas(value: SecretStr) -> SecretStr:
    token = value.get_secret_value().strip()
    if "AccountKey=" in token or "SharedAccessSignature=" in token:
        raise ValueError(f"This is a connection string. Give the SAS token alone. For example: {SAS_EXAMPLE}")
    if token.startswith(("http://", "https://")):
        raise ValueError(f"This is an address. Give the part from the question mark on. For example: {SAS_EXAMPLE}")
    missing = [name for name in ("sig", "sp", "se") if not sas_fields(token).get(name)]
    # `se` and `sp` may live in a stored access policy, which `si` names.
    if "sig" in missing or (missing and "si" not in sas_fields(token)):
        raise ValueError(
            f"This is not a whole SAS token: it has no {' and no '.join(missing)}. For example: {SAS_EXAMPLE}"
        )
    return SecretStr(token)


class AzureConfig(CloudConfig):
    type: Literal["AZURE"] = "AZURE"
    path: Annotated[
        str,
        AfterValidator(functools.partial(normalise_path, scheme="", bucket_pattern=CONTAINER, example=PATH_EXAMPLE)),
    ] = Field(
        alias="fullPath",
        title="Container and path",
        description="The container, and an existing directory in it. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the Azure portal open the storage account, then Containers under Data storage; a click on "
            "one shows its directories. In a terminal: `az storage container list --account-name NAME --auth-mode "
            "login --query '[].name'`.",
        },
    )
    account: str = Field(
        alias="accountName",
        title="Storage account",
        description="Only the name, as in <name>.blob.core.windows.net.",
        examples=["mystorageaccount"],
        pattern=r"^[a-z0-9]{3,24}$",
        json_schema_extra={
            "binds_secret": True,
            "where": "In the Azure portal, the list Storage accounts has it as Name. In a terminal: `az storage "
            "account list --query '[].name'`.",
        },
    )
    sas_token: Annotated[SecretWord, AfterValidator(_check_sas)] = Field(
        alias="accountKey",
        title="SAS token",
        description="With or without the leading question mark. Stored encrypted, never shown again.",
        examples=[SAS_EXAMPLE],
        json_schema_extra={
            "where": "In the Azure portal open the container, then Shared access tokens under Settings; choose "
            "permissions and expiry, press Generate SAS token and URL, and copy Blob SAS token. Sign with an account"
            " key if it must last longer than 7 days. In a terminal: `az storage container generate-sas`. Grant access "
            "shows the complete command.",
        },
    )

    @property
    def principal(self) -> str:
        return self.account

    def object_url(self, key: str) -> str:
        """https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata"""
        quoted = urllib.parse.quote(f"{self.bucket}/{key}")
        return f"https://{self.account}.blob.core.windows.net/{quoted}"

    def credential(self) -> dict[str, str]:
        """People paste the token with or without its question mark."""
        return super().credential() | {"sas_token": self.sas_token.get_secret_value().lstrip("?")}

    def expiry(self) -> Expiry | None:
        """The end of the token, or of the user delegation key that signed it (`ske`), whichever comes first.

        None where a stored access policy sets it (`si`), which only the account's owner can read.
        https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
        """
        fields = sas_fields(self.sas_token.get_secret_value())
        ends = [moment for name in ("se", "ske") if (moment := moment_of(fields.get(name, "")))]
        return Expiry(min(ends), "sas_token") if ends else None

    def unusable(self, now: datetime, endpoints: Endpoints | None = None) -> dict[str, str]:
        expiry = self.expiry()
        if expiry is None or expiry.moment > now:
            return {}
        ended = f"{expiry.moment.day} {expiry.moment:%B %Y at %H:%M} UTC"
        return {expiry.field: f"This token ended on {ended}, so it can't work. Make a new one and paste it here."}


def moment_of(text: str) -> datetime | None:
    """A moment of a SAS, in UTC; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the latter: an offset that leads out of the calendar
        return None
