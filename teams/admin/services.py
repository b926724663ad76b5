"""What only administrators do to people: disable them, end their sessions, take away tokens and second factors."""

from collections.abc import Iterable, Iterator
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from teams.models import ApiToken, Membership, Role, Team, User

_CHUNK = 500


def _chunks(ids: Iterable[Any]) -> Iterator[list[Any]]:
    """All of a long list at once would be more parameters than a statement may have."""
    every = list(ids)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))


@transaction.atomic
def disable(people: Iterable[User]) -> int:
    """From now on nobody lets them in: not the sign-in, not their tokens, not what they have open. Returns how many.

    Their tokens work again once they are enabled; a session that was open stays ended.
    """
    ids = {person.pk for person in people}
    count = sum(User.objects.filter(pk__in=some, is_active=True).update(is_active=False) for some in _chunks(ids))
    end_sessions(ids)
    return count


def enable(people: Iterable[User]) -> int:
    ids = [person.pk for person in people]
    return sum(User.objects.filter(pk__in=some, is_active=False).update(is_active=True) for some in _chunks(ids))


def end_sessions(user_ids: set[str]) -> int:
    """Sign these people out everywhere. A session tells its person only when opened, so all live ones are."""
    live = Session.objects.filter(expire_date__gt=timezone.now()).iterator(_CHUNK)
    keys = [session.pk for session in live if session.get_decoded().get(SESSION_KEY) in user_ids]
    for some in _chunks(keys):
        Session.objects.filter(pk__in=some).delete()
    return len(keys)


def revoke(tokens: QuerySet[ApiToken]) -> int:
    """From now on nobody is let in with these. Returns how many were not revoked before."""
    return tokens.filter(revoked_at=None).update(revoked_at=timezone.now())


def remove_second_factors(people: Iterable[User]) -> int:
    """For people who lost theirs: recovery codes go with them. Returns of how many people something was removed."""
    count = 0
    for some in _chunks(person.pk for person in people):
        factors = Authenticator.objects.filter(user__in=some)
        count += factors.values("user").distinct().count()
        factors.delete()
    return count


def password_path(person: User) -> str:
    """Where this person chooses a password: good once, until they next sign in, for PASSWORD_RESET_TIMEOUT seconds."""
    key = default_token_generator.make_token(person)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(person), "key": key})


def forget_other_addresses(person: User) -> None:
    """After a change of the address: the old one signs nobody in any more."""
    EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()


def teams_without_owner(leaving: QuerySet[Membership]) -> list[Team]:
    """Teams that would have no owner any more, none at least who may sign in, if these memberships went."""
    rows = Membership.objects.filter(pk__in=leaving.order_by().values("pk"), role=Role.OWNER)
    able = Membership.objects.filter(team=OuterRef("pk"), role=Role.OWNER, user__is_active=True)
    staying = able.exclude(pk__in=rows.values("pk"))
    return list(Team.objects.filter(~Exists(staying), pk__in=rows.values("team")).order_by("name"))


def last_superuser(people: Iterable[User]) -> bool:
    """Whether without these people nobody is left who may change things in the admin panel."""
    ids = {person.pk for person in people}
    able = User.objects.filter(is_active=True, is_staff=True, is_superuser=True).values_list("pk", flat=True)
    return ids.issuperset(able)
