"""Amazon S3 for tests, with a user's own key or through a role."""

from tests.servers.s3.cloud import S3Cloud
from tests.servers.s3.delegated import S3DelegatedCloud
from tests.servers.s3.gate import ACCOUNT, KMS_KEY, REGION
from tests.servers.s3.policy import only_encrypted_with, policy_for

__all__ = ["ACCOUNT", "KMS_KEY", "REGION", "S3Cloud", "S3DelegatedCloud", "only_encrypted_with", "policy_for"]
