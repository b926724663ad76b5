import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


# Where the models were until now, and how they were called.
MOVED = {
    ("teams", "notice"): "notice",
    ("teams", "notificationsettings"): "notificationsettings",
    ("datasources", "alertmail"): "mail",
    ("datasources", "webhook"): "webhook",
    ("datasources", "webhookdelivery"): "webhookdelivery",
}


def move_content_types(apps, schema_editor):
    """So that permissions, and what was logged in the admin panel, stay with their models."""
    alias = schema_editor.connection.alias
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    for (app, model), new in MOVED.items():
        found = content_types.filter(app_label=app, model=model).first()
        # On a new installation there is none: Django makes them after the last migration.
        if found is None or content_types.filter(app_label="notifications", model=new).exists():
            continue
        content_types.filter(pk=found.pk).update(app_label="notifications", model=new)
        if model != new:
            for permission in permissions.filter(content_type=found, codename__endswith=f"_{model}"):
                action = permission.codename.removesuffix(f"_{model}")
                permissions.filter(pk=permission.pk).update(codename=f"{action}_{new}", name=f"Can {action} {new}")


class Migration(migrations.Migration):
    """The tables are there already, under the names they had in `teams` and `datasources`: they only change hands."""

    initial = True

    dependencies = [
        ('teams', '0006_notices_move'),
        ('datasources', '0009_outbox_moves'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='NotificationSettings',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('scope', models.CharField(choices=[('OWN', 'My own datasets'), ('TEAM', 'All datasets of my teams'), ('NONE', 'None')], default='OWN', max_length=8)),
                        ('mail_choices', models.JSONField(default=dict)),
                        ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='notification_settings', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'db_table': 'teams_notificationsettings',
                    },
                ),
                migrations.CreateModel(
                    name='Webhook',
                    fields=[
                        ('id', models.CharField(default=core.ids.new_id, editable=False, max_length=24, primary_key=True, serialize=False)),
                        ('sealed_url', models.TextField(editable=False)),
                        ('sealed_secret', models.TextField(editable=False)),
                        ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ('modified_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ('modified_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('team', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='webhook', to='teams.team')),
                    ],
                    options={
                        'db_table': 'datasources_webhook',
                    },
                ),
                migrations.CreateModel(
                    name='Mail',
                    fields=[
                        ('id', models.CharField(default=core.ids.new_id, editable=False, max_length=24, primary_key=True, serialize=False)),
                        ('state', models.CharField(choices=[('PENDING', 'Waiting'), ('SENT', 'Delivered'), ('FAILED', 'Given up')], default='PENDING', max_length=16)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('finished_at', models.DateTimeField(null=True)),
                        ('problem', models.CharField(blank=True, default='', max_length=100)),
                        ('key', models.CharField(max_length=100)),
                        ('topic', models.CharField(max_length=40)),
                        ('about', models.TextField(blank=True, default='')),
                        ('about_id', models.CharField(blank=True, default='', max_length=64)),
                        ('title', models.TextField()),
                        ('detail', models.TextField(blank=True, default='')),
                        ('sentences', models.JSONField(default=list)),
                        ('path', models.TextField(blank=True, default='')),
                        ('told_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('batch', models.CharField(blank=True, default='', max_length=24)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'db_table': 'datasources_alertmail',
                        'indexes': [models.Index(condition=models.Q(('state', 'PENDING')), fields=['next_attempt_at'], name='mails_to_send')],
                        'constraints': [models.UniqueConstraint(fields=('key', 'user'), name='one_mail_per_announcement_and_person')],
                    },
                ),
                migrations.CreateModel(
                    name='Notice',
                    fields=[
                        ('id', models.CharField(default=core.ids.new_id, editable=False, max_length=24, primary_key=True, serialize=False)),
                        ('key', models.CharField(blank=True, default='', max_length=100)),
                        ('kind', models.CharField(choices=[('BAD', 'Something broke'), ('GOOD', 'Something works again'), ('SOON', 'Something ends soon'), ('INFO', 'For your information')], default='INFO', max_length=8)),
                        ('title', models.CharField(max_length=300)),
                        ('text', models.TextField(blank=True)),
                        ('path', models.TextField(blank=True)),
                        ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('read_at', models.DateTimeField(null=True)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'db_table': 'teams_notice',
                        'indexes': [models.Index(fields=['user', '-created_at'], name='teams_notic_user_id_de6e42_idx')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('key', 'user'), name='one_notice_per_announcement_and_person')],
                    },
                ),
                migrations.CreateModel(
                    name='WebhookDelivery',
                    fields=[
                        ('id', models.CharField(default=core.ids.new_id, editable=False, max_length=24, primary_key=True, serialize=False)),
                        ('state', models.CharField(choices=[('PENDING', 'Waiting'), ('SENT', 'Delivered'), ('FAILED', 'Given up')], default='PENDING', max_length=16)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('finished_at', models.DateTimeField(null=True)),
                        ('problem', models.CharField(blank=True, default='', max_length=100)),
                        ('key', models.CharField(max_length=100)),
                        ('event', models.CharField(max_length=40)),
                        ('body', models.TextField()),
                        ('status', models.PositiveSmallIntegerField(null=True)),
                        ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.webhook')),
                    ],
                    options={
                        'db_table': 'datasources_webhookdelivery',
                        'indexes': [models.Index(condition=models.Q(('state', 'PENDING')), fields=['next_attempt_at'], name='webhooks_to_send'), models.Index(fields=['webhook', '-created_at'], name='datasources_webhook_b3c0f0_idx')],
                        'constraints': [models.UniqueConstraint(fields=('webhook', 'key'), name='one_delivery_per_announcement_and_webhook')],
                    },
                ),
            ],
        ),
        migrations.RunPython(move_content_types, migrations.RunPython.noop),
    ]
