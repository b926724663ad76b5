from django.db import migrations


def believe_what_is_shown(apps, schema_editor):
    """What is green today was green before: when it turns red, that is news, also for the first scheduled check."""
    datasources = apps.get_model("datasources", "Datasource").objects
    datasources.filter(known_outcome="", latest_check__outcome="GREEN").update(known_outcome="GREEN")


class Migration(migrations.Migration):

    dependencies = [("datasources", "0004_alerts")]

    operations = [migrations.RunPython(believe_what_is_shown, migrations.RunPython.noop, elidable=True)]
