"""What the latest check of each datasource says, in the datasource's own row.

How it is found is written out here as it was in this release: a migration must not change when the code does.
"""

from django.db import migrations, models

PERMISSIONS = ("list", "read", "write", "overwrite")
BAD = {"RED": ("denied", "skipped"), "UNKNOWN": ("unknown",)}
READ_AT_ONCE = 500


def state_of(check):
    if check.state in {"QUEUED", "RUNNING"}:
        return "checking"
    if check.outcome == "GREEN":
        return "no_files" if check.no_files else "green"
    return "red" if check.outcome == "RED" else "unknown"


def cause_of(check):
    if check.state == "EXPIRED":
        return "given_up"
    if check.outcome not in BAD:
        return ""
    verdicts = [check.verdicts.get(permission, {}) for permission in PERMISSIONS]
    causes = [verdict.get("cause") for verdict in verdicts if verdict.get("state") in BAD[check.outcome]]
    return next(filter(None, causes), "not_told")


def fill(apps, schema_editor):
    datasources = apps.get_model("datasources", "Datasource").objects.using(schema_editor.connection.alias)
    ids = list(datasources.exclude(latest_check=None).values_list("pk", flat=True))
    for start in range(0, len(ids), READ_AT_ONCE):
        some = datasources.filter(pk__in=ids[start : start + READ_AT_ONCE]).select_related("latest_check")
        for datasource in some.only("latest_check"):
            check = datasource.latest_check
            datasources.filter(pk=datasource.pk).update(
                state=state_of(check), cause=cause_of(check), checked_at=check.finished_at
            )


class Migration(migrations.Migration):

    dependencies = [
        ("datasets", "0005_samples_counted"),
        ("datasources", "0013_waiting_checks"),
    ]

    operations = [
        migrations.AddField(
            model_name="datasource",
            name="cause",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="datasource",
            name="checked_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="datasource",
            name="state",
            field=models.CharField(
                choices=[
                    ("green", "Green"),
                    ("red", "Red"),
                    ("unknown", "Unknown"),
                    ("no_files", "No files found"),
                    ("checking", "Checking"),
                    ("never", "Never checked"),
                ],
                db_default="never",
                default="never",
                editable=False,
                max_length=16,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="datasource",
            index=models.Index(fields=["dataset", "purpose", "state"], name="datasource_states"),
        ),
        migrations.AddIndex(
            model_name="datasource",
            index=models.Index(fields=["state", "cause", "checked_at"], name="datasource_causes"),
        ),
    ]
