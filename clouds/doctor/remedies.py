"""What every remedy is made of: the case at hand, and the words for it."""

from dataclasses import dataclass, field

from clouds import CloudConfig, Failure, safe_name
from clouds.doctor.grants import Platform
from clouds.doctor.probe import Permission

# The right each cloud asks for, by the name its own console uses.
RIGHTS: dict[str, dict[Permission, str]] = {
    "S3": {
        Permission.LIST: "s3:ListBucket",
        Permission.READ: "s3:GetObject",
        Permission.WRITE: "s3:PutObject",
        Permission.OVERWRITE: "s3:PutObject",
    },
    "AZURE": {
        Permission.LIST: "SAS permission l (list)",
        Permission.READ: "SAS permission r (read)",
        Permission.WRITE: "SAS permission c (create) or w (write)",
        Permission.OVERWRITE: "SAS permission w (write)",
    },
    "GCS": {
        Permission.LIST: "storage.objects.list",
        Permission.READ: "storage.objects.get",
        Permission.WRITE: "storage.objects.create",
        Permission.OVERWRITE: "storage.objects.create and storage.objects.delete",
    },
    "OBS": {
        Permission.LIST: "obs:bucket:ListBucket",
        Permission.READ: "obs:object:GetObject",
        Permission.WRITE: "obs:object:PutObject",
        Permission.OVERWRITE: "obs:object:PutObject",
    },
}
RIGHTS["S3DelegatedAccess"] = RIGHTS["S3"]

_GRANTEES = {
    "S3": "the IAM user of access key",
    "S3DelegatedAccess": "the role",
    "AZURE": "the SAS token for account",
    "GCS": "the service account",
    "OBS": "the user of access key",
}

_SECRETS = {
    "S3": "secret access key",
    "S3DelegatedAccess": "role's temporary key",
    "AZURE": "SAS token",
    "GCS": "service account key",
    "OBS": "secret access key",
}

# The form's field for it; a role's temporary key stands in none.
_SECRET_FIELDS = {
    "S3": "secret_access_key",
    "AZURE": "sas_token",
    "GCS": "credentials",
    "OBS": "secret_access_key",
}


@dataclass(frozen=True)
class Remedy:
    """Words for one failure: what is wrong in a line, why, how to make sure of it, and what to do.

    `field` names the form's field at fault, `command` is shell text that shows the cause. Both may be empty.
    """

    summary: str
    cause: str
    fix: str
    sure: str
    command: str = ""
    field: str = ""


@dataclass(frozen=True)
class Case:
    permission: Permission
    failure: Failure
    config: CloudConfig
    key: str  # the object or prefix that was tried
    deadline_seconds: float
    platform: Platform = field(default_factory=Platform)

    @property
    def right(self) -> str:
        return RIGHTS[self.config.type][self.permission]

    @property
    def grantee(self) -> str:
        return f"{_GRANTEES[self.config.type]} {self.config.principal}"

    @property
    def secret(self) -> str:
        return _SECRETS[self.config.type]

    @property
    def secret_field(self) -> str:
        return _SECRET_FIELDS.get(self.config.type, "")

    @property
    def container(self) -> str:
        return "container" if self.config.type == "AZURE" else "bucket"

    @property
    def safe_key(self) -> str:
        """For commands: an object's name may be anything, so it is quoted there too."""
        return safe_name(self.key)

    def value(self, name: str) -> str:
        """A field that only some providers have."""
        return str(getattr(self.config, name, "") or "")


def sentence(words: str) -> str:
    return words[0].upper() + words[1:]
