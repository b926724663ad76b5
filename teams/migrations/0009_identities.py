import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery


def tokens_belong_to_the_only_team(apps, schema_editor):
    """Until now all tokens of somebody ended with their last membership, so those of people in one team belong to it."""
    database = schema_editor.connection.alias
    memberships = apps.get_model("teams", "Membership").objects.using(database)
    only = memberships.filter(user=OuterRef("user")).order_by().values("user")
    only = only.annotate(count=Count("pk"), only_team=models.Min("team")).filter(count=1)
    apps.get_model("teams", "ApiToken").objects.using(database).update(team_id=Subquery(only.values("only_team")))


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0008_credentials_in_the_log"),
    ]

    operations = [
        # Tokens that are there keep all their rights.
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=models.CharField(default="read datasources runs admin", editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="team",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="teams.team",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="accepted_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        # Accounts that are there go on seeing what is shared with them; only new ones have to prove their address.
        migrations.AddField(
            model_name="user",
            name="email_is_proven",
            field=models.BooleanField(default=True, verbose_name="address is confirmed"),
        ),
        migrations.AlterField(
            model_name="user",
            name="email_is_proven",
            field=models.BooleanField(default=False, verbose_name="address is confirmed"),
        ),
        migrations.RunPython(tokens_belong_to_the_only_team, migrations.RunPython.noop),
    ]
