"""What workers do for people. Tasks take ids: the link in a mail is made by the worker."""

import logging
from smtplib import SMTPException

from celery import shared_task
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from core import broker
from core.links import absolute
from core.mails import mail
from teams.invitations.links import path_of
from teams.models import Invitation, InvitationState

logger = logging.getLogger(__name__)
QUEUE_PROBLEM = "The task queue could not be reached."


@shared_task(name="teams.tasks.mail_invitation")
def mail_invitation(invitation_id: str) -> None:
    """Send an open invitation's link to its address. What goes wrong stands beside the invitation."""
    invitation = Invitation.objects.select_related("team", "invited_by").get(pk=invitation_id)
    if invitation.state is not InvitationState.PENDING:
        return
    context = {"invitation": invitation, "link": absolute(path_of(invitation, by_mail=True))}
    subject = gettext("%(team)s invites you to Lightly Platform") % {"team": invitation.team.name}
    try:
        mail(subject, render_to_string("teams/mail/invitation.txt", context), [invitation.email]).send()
    except (SMTPException, OSError) as error:
        # Not its text: a server's answer may quote the mail, and so the link.
        logger.warning("The invitation %s could not be mailed: %s", invitation.pk, type(error).__name__)
        problem = f"The mail server refused it ({type(error).__name__})."
        Invitation.objects.filter(pk=invitation.pk, nonce=invitation.nonce).update(mail_problem=problem)
        return
    Invitation.objects.filter(pk=invitation.pk, nonce=invitation.nonce).update(
        mailed_at=timezone.now(), mail_problem=""
    )


def dispatch_invitation(invitation_id: str) -> None:
    """Give it to a worker. If the broker can't be reached, that stands beside the invitation, which can be renewed."""
    if not broker.send(mail_invitation.name, invitation_id):
        Invitation.objects.filter(pk=invitation_id).update(mail_problem=QUEUE_PROBLEM)
