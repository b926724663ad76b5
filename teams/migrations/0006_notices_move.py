from django.db import migrations, models


def keep_choices(apps, schema_editor):
    """What was a column for each tick box becomes one value, so that rooms to come need no column of their own."""
    rows = apps.get_model("teams", "NotificationSettings").objects.using(schema_editor.connection.alias)
    for row in list(rows.all()):
        choices = {"broken": row.mail_broken, "recovered": row.mail_recovered, "expiring": row.mail_expiring}
        rows.filter(pk=row.pk).update(mail_choices=choices)


class Migration(migrations.Migration):
    """The tables get the columns of notifications/models.py; then the app `notifications` takes them over."""

    dependencies = [("teams", "0005_teams_and_invitations")]

    operations = [
        migrations.AddField("notice", "key", models.CharField(blank=True, default="", max_length=100)),
        migrations.AddConstraint(
            "notice",
            models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("key", "user"),
                name="one_notice_per_announcement_and_person",
            ),
        ),
        migrations.AddField("notificationsettings", "mail_choices", models.JSONField(default=dict)),
        migrations.RunPython(keep_choices),
        migrations.RemoveField("notificationsettings", "mail_broken"),
        migrations.RemoveField("notificationsettings", "mail_recovered"),
        migrations.RemoveField("notificationsettings", "mail_expiring"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("NotificationSettings"), migrations.DeleteModel("Notice")]
        ),
    ]
