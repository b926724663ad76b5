"""What waits to be sent is sent after the upgrade, once, with the words it would have had before.

The words are those of release 0.2, written out here: a migration must not change when the code's own words do.
"""

from datetime import UTC, datetime

from django.db import migrations
from django.db.models import Exists, F, OuterRef

LABELS = {"BROKEN": "turned red", "RECOVERED": "green again", "UNCHECKABLE": "can't be checked", "EXPIRING": "ends soon"}


def listed(facts):
    """Read, write and overwrite"""
    *first, last = [fact["permission"] for fact in facts]
    return (f"{', '.join(first)} and {last}" if first else last).capitalize()


def broken(facts):
    """Those that are denied; if none is, those that could not be tried because of another one."""
    for state in ("denied", "skipped"):
        found = [fact for fact in facts["permissions"] if fact["state"] == state]
        if found:
            return found
    return []


def title_of(kind, facts):
    name, purpose = facts["dataset"], facts["purpose_label"]
    if kind == "BROKEN" and broken(facts):
        return f"{name}: {listed(broken(facts))} denied ({purpose})"
    if kind == "RECOVERED" and facts["permissions"]:
        return f"{name}: {listed(facts['permissions'])} granted again ({purpose})"
    if kind == "UNCHECKABLE":
        return f"{name}: could not be checked 3 times in a row ({purpose})"
    if kind == "EXPIRING":
        within = "within a day" if facts["days"] == 1 else f"within {facts['days']} days"
        return f"{name}: the credential ends {within} ({purpose})"
    return f"{name}: {LABELS[kind]} ({purpose})"


def sentences_of(kind, facts):
    if kind == "RECOVERED":
        return ["All permissions it needs are granted."]
    if kind == "EXPIRING":
        ends = datetime.fromisoformat(facts["expires_at"]).astimezone(UTC)
        return [
            f"The credential for {facts['path']} ends on {ends:%-d %B %Y at %H:%M} UTC.",
            "From then on every bulb is red. Make a new one and save it in the settings.",
        ]
    shown = broken(facts) if kind == "BROKEN" else [fact for fact in facts["permissions"] if fact["state"] != "granted"]
    happened = [f"{fact['permission'].capitalize()}: {fact['summary']}." for fact in shown]
    causes = [fact["likely_cause"] for fact in shown]
    fixes = [fact["fix"] for fact in shown]
    return [sentence for sentence in dict.fromkeys([*happened, *causes, *fixes]) if sentence]


def path_of(facts):
    return f"/datasets/{facts['dataset_id']}/settings/{'lightly' if facts['purpose'] == 'LIGHTLY' else 'input'}/"


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    mails = apps.get_model("datasources", "AlertMail").objects.using(alias)
    alerts = apps.get_model("datasources", "Alert").objects.using(alias)
    # Their ids first: no statement shall read what another one changes.
    mailed = list(alerts.filter(Exists(mails.filter(alert=OuterRef("pk")))).values_list("pk", flat=True))
    for alert in (alerts.get(pk=pk) for pk in mailed):
        facts = alert.facts
        mails.filter(alert=alert).update(
            key=alert.pk,
            topic=f"datasource.{alert.kind.lower()}",
            about=facts["dataset"],
            about_id=alert.datasource_id,
            title=title_of(alert.kind, facts),
            detail=facts["path"],
            sentences=sentences_of(alert.kind, facts),
            path=path_of(facts),
            told_at=alert.created_at,
        )
    deliveries = apps.get_model("datasources", "WebhookDelivery").objects.using(alias)
    # Of a test, or of an alert that is forgotten already.
    deliveries.filter(alert=None).update(key=F("id"))
    deliveries.exclude(alert=None).update(key=F("alert_id"))


class Migration(migrations.Migration):

    dependencies = [("datasources", "0007_outbox_in_words")]

    operations = [migrations.RunPython(fill)]
