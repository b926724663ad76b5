"""Announcements of a topic that no room has: mails, inbox and webhooks need to know nothing of what is announced."""

from collections.abc import Collection, Iterator

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop
from pytest_django import Settings

from notifications import topics
from notifications.mails import services as mails
from notifications.models import Mail, Notice, WebhookDelivery
from notifications.preferences.services import save_settings
from notifications.services import Announcement, announce
from notifications.topics import MailChoice, Topic
from notifications.webhooks.services import save_webhook
from teams.models import Team, User
from tests.conftest import Login
from tests.notifications.webhooks.conftest import Verify, documented
from tests.notifications.webhooks.sending import deliver_all
from tests.receivers import HookReceiver

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

HARVEST = MailChoice("harvest", gettext_noop("When the apples are ripe"), default=False)
# Ids of the orchards that nobody may see any more.
CLOSED: set[str] = set()


def open_orchards(user: User, ids: Collection[str]) -> set[str]:
    return set(ids) - CLOSED


RIPE = Topic(
    "orchard.ripe", Notice.Kind.GOOD, HARVEST, link_label="Open the orchard", event="orchard.ripe", rank=5,
    visible=open_orchards,
)  # fmt: skip
FENCE = Topic("orchard.fence", Notice.Kind.SOON, HARVEST, rank=1)
VISIT = Topic("orchard.visit", Notice.Kind.INFO)


@pytest.fixture(autouse=True)
def orchard(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    monkeypatch.setattr(topics, "_topics", dict(topics._topics))
    topics.register(RIPE, FENCE, VISIT)
    settings.LIGHTLY_SENDS_MAIL = True
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    yield
    CLOSED.clear()


def apples(people: list[User], team: Team | None = None, *, key: str = "apples-1", name: str = "North") -> Announcement:
    return Announcement(
        topic="orchard.ripe",
        key=key,
        people=people,
        title=f"{name}: the apples are ripe",
        sentences=["It was warm.", "Pick them."],
        path="/orchards/north/",
        about=name,
        about_id=name.lower()[:24],
        detail="row 7",
        team=team,
        payload={"orchard": {"name": name}},
    )


def test_it_is_in_the_inbox_of_the_people_named(login: Login, alice: User, bob: User, charlie: User) -> None:
    announce(apples([alice, bob]))
    assert set(Notice.objects.values_list("user__email", flat=True)) == {alice.email, bob.email}
    text = login(alice).get("/inbox/").content.decode()
    assert '<a href="/orchards/north/">North: the apples are ripe</a>' in text
    assert "Recovered" in text
    assert "It was warm.\nPick them." in text


def test_who_chose_it_gets_a_mail(alice: User, bob: User) -> None:
    save_settings(user=bob, scope="OWN", mail_choices={"harvest": True})
    announce(apples([alice, bob]))  # alice keeps the default, which is off
    assert mails.send_due() == 1
    (sent,) = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.to == [bob.email]
    assert sent.subject == "North: the apples are ripe"
    assert str(sent.body).startswith("North: the apples are ripe\nrow 7\n\n  It was warm.\n  Pick them.\n\n")
    assert "https://lightly.example.com/orchards/north/" in sent.body
    assert ">Open the orchard</a>" in str(sent.alternatives[0][0])


def test_several_make_one_mail_ordered_by_rank_and_name(alice: User) -> None:
    save_settings(user=alice, scope="OWN", mail_choices={"harvest": True})
    announce(apples([alice], key="2", name="South"))
    announce(apples([alice], key="1", name="North"))
    announce(Announcement("orchard.fence", "3", [alice], "The fence is old", about="West"))
    assert mails.send_due() == 1
    (sent,) = mail.outbox
    assert sent.subject == "3 alerts: West, North and 1 more"
    text = str(sent.body)
    assert text.index("The fence is old") < text.index("North: the apples") < text.index("South: the apples")
    assert "The fence is old\n\n\n" in text  # neither a detail nor a link


def test_what_a_person_lost_sight_of_is_not_mailed(alice: User) -> None:
    save_settings(user=alice, scope="OWN", mail_choices={"harvest": True})
    announce(apples([alice], key="1", name="North"))
    announce(apples([alice], key="2", name="South"))
    CLOSED.add("north")
    assert mails.send_due() == 1
    assert mail.outbox[0].subject == "South: the apples are ripe"


def test_what_no_topic_can_judge_is_not_mailed(alice: User) -> None:
    Mail.objects.create(user=alice, key="1", topic="orchard.forgotten", title="Old", about_id="north")
    assert mails.send_due() == 0
    assert Mail.objects.get().problem == "may no longer see it"


def test_the_teams_webhook_is_told(settings: Settings, alice: User, team: Team) -> None:
    settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ("127.0.0.1",)
    verify: Verify = documented(0)
    with HookReceiver() as receiver:
        secret = save_webhook(team=team, url=receiver.url, by=alice)
        announce(apples([], team))  # also if nobody hears of it otherwise
        deliver_all()
    (received,) = receiver.received
    event = verify(secret, received.headers, received.body)
    assert list(event) == ["id", "type", "created_at", "team", "title", "orchard", "url"]
    assert (event["type"], event["title"]) == ("orchard.ripe", "North: the apples are ripe")
    assert event["team"] == {"id": team.pk, "name": "Acme Vision"}
    assert event["orchard"] == {"name": "North"}
    assert event["url"] == "https://lightly.example.com/orchards/north/"


def test_a_topic_without_mail_and_event_is_in_the_inbox_alone(alice: User, team: Team) -> None:
    save_webhook(team=team, url="https://hooks.example.com/", by=alice)
    announce(Announcement("orchard.visit", "1", [alice], "Somebody came", team=team))
    assert Notice.objects.get().kind == "INFO"
    assert not Mail.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_announced_twice_it_is_told_once(alice: User, bob: User, team: Team) -> None:
    save_settings(user=alice, scope="OWN", mail_choices={"harvest": True})
    save_webhook(team=team, url="https://hooks.example.com/", by=alice)
    announce(apples([alice], team))
    announce(apples([alice, bob], team))
    assert sorted(Notice.objects.values_list("user__email", flat=True)) == [alice.email, bob.email]
    assert (Mail.objects.count(), WebhookDelivery.objects.count()) == (1, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Mail.objects.create(user=alice, key="apples-1", topic="orchard.ripe", title="again")
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(user=alice, key="apples-1", title="again")
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.create(webhook=team.webhook, key="apples-1", event="x", body="{}")


def test_what_is_undone_was_never_told(alice: User, team: Team) -> None:
    save_webhook(team=team, url="https://hooks.example.com/", by=alice)

    @transaction.atomic
    def finish_run() -> None:
        announce(apples([alice], team))
        raise RuntimeError("it failed after all")

    with pytest.raises(RuntimeError):
        finish_run()
    assert not Notice.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_an_unknown_topic_is_a_mistake_of_the_code(alice: User) -> None:
    with pytest.raises(KeyError):
        announce(Announcement("orchard.unheard", "1", [alice], "?"))


def test_long_titles_are_cut_in_the_inbox_alone(alice: User) -> None:
    save_settings(user=alice, scope="OWN", mail_choices={"harvest": True})
    announce(apples([alice], name="N" * 400))
    assert len(Notice.objects.get().title) == 300
    assert len(Mail.objects.get().title) > 400


def test_its_choice_is_on_the_settings_page(login: Login, alice: User) -> None:
    page = "/notifications/settings/"
    client = login(alice)
    text = client.get(page).content.decode()
    assert text.count("When the apples are ripe") == 1  # two topics share it
    assert client.post(page, {"scope": "OWN", "mail_harvest": "on"}).status_code == 302
    others = ["broken", "recovered", "expiring", "run-finished", "run-failed"]
    assert alice.notification_settings.mail_choices == dict.fromkeys(others, False) | {"harvest": True}


@pytest.mark.parametrize(
    "topic",
    [Topic("orchard.ripe", Notice.Kind.INFO), Topic("x" * 41, Notice.Kind.INFO)],
    ids=["taken", "too long"],
)
def test_keys_are_unique_and_fit_their_columns(topic: Topic) -> None:
    with pytest.raises(ValueError, match=topic.key):
        topics.register(topic)
