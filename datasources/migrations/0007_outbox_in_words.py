import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Mails and deliveries get columns for what they tell, so that they need no alert any more."""

    dependencies = [("datasources", "0006_check_indexes")]

    operations = [
        *(
            migrations.AddField("alertmail", name, field, preserve_default=False)
            for name, field in {
                "key": models.CharField(default="", max_length=100),
                "topic": models.CharField(default="", max_length=40),
                "title": models.TextField(default=""),
            }.items()
        ),
        migrations.AddField("alertmail", "about", models.TextField(blank=True, default="")),
        migrations.AddField("alertmail", "about_id", models.CharField(blank=True, default="", max_length=64)),
        migrations.AddField("alertmail", "detail", models.TextField(blank=True, default="")),
        migrations.AddField("alertmail", "sentences", models.JSONField(default=list)),
        migrations.AddField("alertmail", "path", models.TextField(blank=True, default="")),
        migrations.AddField("alertmail", "told_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField(
            "webhookdelivery", "key", models.CharField(default="", max_length=100), preserve_default=False
        ),
    ]
