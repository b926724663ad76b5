"""Shared access signatures with exactly the letters that are needed, and an end.

https://learn.microsoft.com/rest/api/storageservices/create-service-sas
https://learn.microsoft.com/cli/azure/storage/container#az-storage-container-generate-sas
"""

from datetime import timedelta

from clouds.doctor.quoting import command, hcl, shell
from clouds.permissions import Permission
from clouds.policies import Request, Snippet

# In the order Azure wants them in.
LETTERS = {
    Permission.READ: "r",
    Permission.WRITE: "c",
    Permission.OVERWRITE: "w",
    Permission.LIST: "l",
}
# How the Terraform provider calls the letters; it wants all of these to be said.
_TERRAFORM = {"read": "r", "add": "a", "create": "c", "write": "w", "delete": "d", "list": "l"}
ASK_ACCOUNT = "<storage account>"


def letters(permissions: frozenset[Permission]) -> str:
    return "".join(letter for permission, letter in LETTERS.items() if permission in permissions)


def snippets(request: Request) -> list[Snippet]:
    """A token can't be amended, so what is missing is one with all the letters it takes."""
    gap, place = request.gap, request.place
    if gap is not None and not (gap.permissions or gap.credential):
        return []
    account, wanted = place.fact("account") or ASK_ACCOUNT, letters(request.needs)
    end = f"{request.platform.expires_on.isoformat()}T00:00Z"
    lacking = f" It adds {letters(gap.permissions)} to what you have." if gap and gap.permissions else ""
    common = (f"--permissions {wanted}", f"--expiry {end}", "--https-only --output tsv")
    container = command(
        "az storage container generate-sas",
        f"--account-name {shell(account)}",
        f"--name {shell(place.bucket)}",
        *common,
    )
    of_account = command(
        "az storage account generate-sas",
        f"--account-name {shell(account)}",
        "--services b --resource-types co",
        *common,
    )
    only = "It reaches the whole container: Azure can't confine it to a directory." if place.prefix else ""
    printed = "Prints the token: enter it here."
    return [
        Snippet("container", "Container SAS", container, "bash", f"{printed}{lacking} {only}".rstrip()),
        Snippet("delegation", "User delegation SAS", _delegated(request, account), "bash", _delegated_note(lacking)),
        Snippet("account", "Account SAS", of_account, "bash", f"{printed}{lacking} It reaches all containers."),
        Snippet("terraform", "Terraform", _terraform(request), "hcl", "Provider hashicorp/azurerm."),
    ]


def _delegated(request: Request, account: str) -> str:
    # Azure gives such a token seven days at most; one less, as clocks and time zones differ.
    end = min(request.platform.expires_on, request.platform.today + timedelta(days=6))
    return command(
        "az storage container generate-sas",
        f"--account-name {shell(account)}",
        f"--name {shell(request.place.bucket)}",
        f"--permissions {letters(request.needs)}",
        f"--expiry {end.isoformat()}T00:00Z",
        "--auth-mode login --as-user",
        "--https-only --output tsv",
    )


def _delegated_note(lacking: str) -> str:
    return f"Without the account's key, for accounts that forbid it. It lives for seven days at most.{lacking}"


def _terraform(request: Request) -> str:
    start, end = request.platform.today.isoformat(), request.platform.expires_on.isoformat()
    wanted = letters(request.needs)
    rows = "\n".join(f"    {name:<6} = {hcl(letter in wanted)}" for name, letter in _TERRAFORM.items())
    return f"""data "azurerm_storage_account_blob_container_sas" "lightly" {{
  connection_string = azurerm_storage_account.example.primary_connection_string
  container_name    = {hcl(request.place.bucket)}
  https_only        = true
  start             = {hcl(start)}
  expiry            = {hcl(end)}

  permissions {{
{rows}
  }}
}}

output "sas_token" {{
  value     = data.azurerm_storage_account_blob_container_sas.lightly.sas
  sensitive = true
}}"""
