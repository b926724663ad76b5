from django.db import migrations, models


class Migration(migrations.Migration):
    """Mails and webhooks know nothing of alerts any more; then the app `notifications` takes the tables over."""

    dependencies = [("datasources", "0008_fill_outbox")]

    operations = [
        migrations.RemoveConstraint("alertmail", "one_mail_per_alert_and_person"),
        migrations.RemoveField("alertmail", "alert"),
        migrations.AddConstraint(
            "alertmail",
            models.UniqueConstraint(fields=("key", "user"), name="one_mail_per_announcement_and_person"),
        ),
        migrations.RemoveConstraint("webhookdelivery", "one_delivery_per_alert_and_webhook"),
        migrations.RemoveField("webhookdelivery", "alert"),
        migrations.AddConstraint(
            "webhookdelivery",
            models.UniqueConstraint(fields=("webhook", "key"), name="one_delivery_per_announcement_and_webhook"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel("AlertMail"),
                migrations.DeleteModel("WebhookDelivery"),
                migrations.DeleteModel("Webhook"),
            ]
        ),
    ]
