"""Inviting people, and what the invited see."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from core.web import throttle
from core.web.dialogs import dialog, done
from core.web.navigation import HOME
from teams.access import invitation_for, managing_membership_for
from teams.invitations import links
from teams.invitations import services as invitations
from teams.invitations.forms import AcceptForm, InviteForm, JoinForm
from teams.models import Invitation, Team, User
from teams.requests import PageRequest


@never_cache  # neither the browser nor its back button may keep the answer that shows links
def invite(request: PageRequest, team_id: str) -> HttpResponse:
    mine = managing_membership_for(request.user, team_id)
    form = InviteForm(mine.role, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = invitations.invite(team=mine.team, people=form.cleaned_data["people"], by=request.user)
        except ValidationError as error:
            form.add_error("people", error.messages)
        else:
            return invited(request, made, back=_people_url(mine.team))
    status, back = 422 if form.errors else 200, _people_url(mine.team)
    mails = settings.LIGHTLY_SENDS_MAIL
    title = gettext("Invite people to %(team)s") % {"team": mine.team.name}
    return dialog(
        request, "teams/_invite.html", title=title, back=back, status=status, form=form, team=mine.team, mails=mails
    )


def invited(request: PageRequest, made: list[Invitation], *, back: str) -> HttpResponse:
    """Mails are on their way; without a mail server the links stand in this one answer, to be handed over."""
    if settings.LIGHTLY_SENDS_MAIL:
        words = ngettext("%(count)s invitation is on the way.", "%(count)s invitations are on the way.", len(made))
        return done(request, words % {"count": len(made)}, back)
    shown = [{"invitation": one, "link": request.build_absolute_uri(links.path_of(one))} for one in made]
    return dialog(request, "teams/_links.html", title=gettext("Send these links"), back=back, shown=shown)


@never_cache
@require_POST
def renew_invitation(request: PageRequest, team_id: str, invitation_id: str) -> HttpResponse:
    """Once more by mail, or another link on screen. The one before ends."""
    mine = managing_membership_for(request.user, team_id)
    invitation = invitation_for(mine, invitation_id)
    try:
        invitation = invitations.renew(invitation=invitation, by=request.user)
    except invitations.UnusableInvitationError as error:
        messages.error(request, str(error))
        return done(request, "", _people_url(mine.team))
    return invited(request, [invitation], back=_people_url(mine.team))


@require_POST
def revoke_invitation(request: PageRequest, team_id: str, invitation_id: str) -> HttpResponse:
    mine = managing_membership_for(request.user, team_id)
    invitation = invitation_for(mine, invitation_id)
    invitations.revoke(invitation=invitation, by=request.user)
    return done(
        request,
        gettext("The invitation of %(invitation)s is revoked.") % {"invitation": invitation.email},
        _people_url(mine.team),
    )


@never_cache  # it shows links
@require_GET
def my_invitations(request: PageRequest) -> HttpResponse:
    """What waits for the person's answer, each with its link."""
    shown = [{"invitation": one, "link": links.path_of(one)} for one in invitations.waiting_for(request.user)]
    return render(request, "teams/my_invitations.html", {"shown": shown})


@login_not_required
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Where an invitation's link leads: join with the account one has, or make one. Looking uses nothing up."""
    try:
        token = request.GET.get("token", "")
        found = invitations.invitation_of(token)
        return _answer(request, found, by_mail=links.came_by_mail(token))
    except invitations.UnusableInvitationError as error:
        return render(request, "teams/invitation_unusable.html", {"why": str(error)}, status=410)


def _answer(request: HttpRequest, found: Invitation, *, by_mail: bool) -> HttpResponse:
    context = {"invitation": found, "here": request.get_full_path()}
    user = request.user
    if isinstance(user, User):
        if user.email != found.email:
            return render(request, "teams/invitation_other.html", context)
        if request.method != "POST":
            return render(request, "teams/invitation_join.html", context)
        invitations.accept(invitation=found, user=user, by_mail=by_mail)
        return _welcome(request, found)
    if User.objects.filter(email=found.email).exists():
        return render(request, "teams/invitation_sign_in.html", context)
    return _make_account(request, found, context, by_mail=by_mail)


def _make_account(
    request: HttpRequest, found: Invitation, context: dict[str, object], *, by_mail: bool
) -> HttpResponse:
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.accept_with_new_account(invitation=found, by_mail=by_mail, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            login(request, user, backend="teams.backends.PasswordBackend")
            return _welcome(request, found)
    status = 422 if form.errors else 200
    return render(request, "teams/invitation_account.html", context | {"form": form}, status=status)


def _welcome(request: HttpRequest, found: Invitation) -> HttpResponse:
    where = found.team.name if found.role else "Lightly Platform"
    messages.success(request, gettext("Welcome to %(where)s!") % {"where": where})
    return redirect(HOME.url())


@login_not_required
def join(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail. The answer is the same for every address, so it tells nobody who has an account."""
    if not invitations.joining_is_open():
        raise Http404(gettext("No team is open for joining without an invitation."))
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if throttle.allow(request, "join", form.cleaned_data["email"]):
            invitations.ask_to_join(email=form.cleaned_data["email"])
            return render(request, "teams/join_sent.html", {"email": form.cleaned_data["email"]})
        form.add_error(None, gettext("Too many requests. Wait a minute and try again."))
    return render(request, "teams/join.html", {"form": form}, status=422 if form.errors else 200)


def _people_url(team: Team) -> str:
    return reverse("teams:people", args=[team.pk])
