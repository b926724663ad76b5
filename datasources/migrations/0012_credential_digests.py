"""Which datasources have the same credential, also of those that were stored before.

How a digest is made is written out here as it was in this release: a migration must not change when the code does.
"""

import json

from django.db import migrations, models

from core.crypto import CannotDecryptError, digests, unseal

# By provider: the fields that stand for the credential, and as what each is stored.
CREDENTIALS = {
    "S3": {"access_key_id": "s3AccessKeyId", "secret_access_key": "s3SecretAccessKey"},
    "S3DelegatedAccess": {"role_arn": "s3ARN", "external_id": "s3ExternalId"},
    "AZURE": {"account": "accountName", "sas_token": "accountKey"},
    "GCS": {"credentials": "gcsCredentials"},
    "OBS": {
        "endpoint": "obsEndpoint",
        "access_key_id": "obsAccessKeyId",
        "secret_access_key": "obsSecretAccessKey",
    },
}


def digest_of(sealed_config):
    """Empty for what can't be read: such a datasource is asked for its credential anew anyway."""
    try:
        stored = json.loads(unseal(sealed_config))
        values = {name: stored[spelled] for name, spelled in CREDENTIALS[stored["type"]].items()}
        if "sas_token" in values:
            values["sas_token"] = values["sas_token"].strip().lstrip("?")
        if "credentials" in values:
            values["credentials"] = json.dumps(json.loads(values["credentials"]), sort_keys=True)
    except (CannotDecryptError, KeyError, ValueError):
        return ""
    return digests(json.dumps([stored["type"], sorted(values.items())]))[0]


def fill(apps, schema_editor):
    datasources = apps.get_model("datasources", "Datasource").objects.using(schema_editor.connection.alias)
    for pk in list(datasources.values_list("pk", flat=True)):
        sealed_config = datasources.values_list("sealed_config", flat=True).get(pk=pk)
        datasources.filter(pk=pk).update(credential_digest=digest_of(sealed_config))


class Migration(migrations.Migration):

    dependencies = [("datasources", "0011_grant_links")]

    operations = [
        migrations.AddField(
            model_name="datasource",
            name="credential_digest",
            field=models.CharField(blank=True, db_index=True, default="", editable=False, max_length=64),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
