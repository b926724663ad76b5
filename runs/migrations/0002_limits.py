from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="limit",
            field=models.CharField(blank=True, default="", max_length=500),
        ),
    ]
