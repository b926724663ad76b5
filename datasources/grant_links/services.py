"""Links for cloud admins: made and revoked by whoever may edit the dataset, opened by anybody who has one.

A link shows what one datasource still has to be granted. It ends after LIFETIME, with its datasource, and while its
maker may not edit the dataset. Making, the first opening and revoking are written to the team's log.
"""

import logging
from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from datasets.access import editable_datasets_for
from datasources import services as datasources
from datasources.grant_links import addresses
from datasources.models import Datasource, GrantLink, Trigger
from teams import audit
from teams.models import AuditAction, User

logger = logging.getLogger(__name__)
LIFETIME = timedelta(days=7)
MOST_PER_DATASOURCE = 10
# Fewer than are kept of a datasource's checks, so that no visitor can push the others out of the history.
MOST_CHECKS = 50


class TooManyLinksError(Exception):
    """The datasource has as many links as it may have. The text says what to do."""


# ---- for who may edit the dataset ----


@transaction.atomic
def make(*, datasource: Datasource, by: User) -> GrantLink:
    """Raises TooManyLinksError."""
    # Two who make one at the same moment wait for each other, so that the limit holds.
    Datasource.objects.select_for_update(of=("self",)).get(pk=datasource.pk)
    now = timezone.now()
    if datasource.grant_links.filter(expires_at__gt=now).count() >= MOST_PER_DATASOURCE:
        raise TooManyLinksError(
            gettext("A datasource has at most %(most)s links. Revoke one first.") % {"most": MOST_PER_DATASOURCE}
        )
    link = GrantLink.objects.create(datasource=datasource, made_by=by, created_at=now, expires_at=now + LIFETIME)
    _record(AuditAction.GRANT_LINK_CREATED, datasource, by)
    return link


def links_of(datasource: Datasource) -> list[GrantLink]:
    """Those that open something, newest first."""
    found = datasource.grant_links.filter(expires_at__gt=timezone.now()).select_related("made_by").order_by("-pk")
    may_edit: dict[str, bool] = {}
    for link in found:
        if link.made_by_id not in may_edit:
            may_edit[link.made_by_id] = _may_edit(link.made_by, datasource)
    return [link for link in found if may_edit[link.made_by_id]]


@transaction.atomic
def revoke(*, datasource: Datasource, link_id: str, by: User) -> bool:
    """It opens nothing from now on. False if the datasource has no such link (any more)."""
    deleted, _ = datasource.grant_links.filter(pk=link_id).delete()
    if deleted:
        _record(AuditAction.GRANT_LINK_REVOKED, datasource, by)
    return bool(deleted)


# ---- for who has the link ----


def link_of(token: str) -> GrantLink | None:
    """The link of a page's address; None if it is wrong, has ended, was revoked, or its maker may no longer edit."""
    try:
        link_id = addresses.read(token)
    except signing.BadSignature:
        return None
    found = GrantLink.objects.select_related("made_by", "datasource__latest_check", "datasource__dataset__team")
    link = found.filter(pk=link_id, expires_at__gt=timezone.now()).first()
    return link if link and _may_edit(link.made_by, link.datasource) else None


def opened(link: GrantLink) -> None:
    """Somebody looks at the page. The first time is written to the team's log."""
    if link.opened_at:
        return
    with transaction.atomic():
        if GrantLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now()):
            _record(AuditAction.GRANT_LINK_OPENED, link.datasource, None)


@transaction.atomic
def check_again(link: GrantLink) -> bool:
    """Queue a check for whoever has the link. False if the link has had all its checks.

    The history names the trigger. The caller limits how often.
    """
    if not GrantLink.objects.filter(pk=link.pk, checks_asked__lt=MOST_CHECKS).update(
        checks_asked=F("checks_asked") + 1
    ):
        return False
    logger.info("The link %s asks for a check of %s", link.pk, link.datasource_id)
    datasources.check_again(datasource=link.datasource, by=None, trigger=Trigger.LINK)
    return True


def _may_edit(user: User, datasource: Datasource) -> bool:
    return user.is_active and editable_datasets_for(user).filter(pk=datasource.dataset_id).exists()


def _record(action: AuditAction, datasource: Datasource, actor: User | None) -> None:
    dataset = datasource.dataset
    target = f"{datasource.get_purpose_display()} of {dataset.name}"
    audit.record(team=dataset.team, actor=actor, action=action, target=target, dataset=dataset)
