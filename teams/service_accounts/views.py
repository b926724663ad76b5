"""Service accounts of a team and their tokens. For owners and admins."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from core.web.dialogs import dialog, done
from teams import queries
from teams.access import managing_membership_for, service_account_for
from teams.members.links import DELETE_SERVICE_ACCOUNT
from teams.models import Membership, TokenState, User
from teams.requests import PageRequest
from teams.service_accounts import services as service_accounts
from teams.service_accounts.forms import AccountTokenForm, ServiceAccountForm
from teams.services import DEFAULT_LIFETIME

FIRST_TOKEN = "first token"  # noqa: S105 - its name


@never_cache  # neither the browser nor its back button may keep an answer that shows a new token
def accounts(request: PageRequest, team_id: str) -> HttpResponse:
    """All of them. POST makes one, with a token to begin with, which is in this answer and nowhere else."""
    mine = managing_membership_for(request.user, team_id)
    form = ServiceAccountForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _render(request, mine, form)
    try:
        account = service_accounts.create(team=mine.team, name=form.cleaned_data["name"], by=request.user)
    except ValidationError as error:
        form.add_error(None, error)
        return _render(request, mine, form)
    ends = timezone.now() + DEFAULT_LIFETIME
    token = service_accounts.create_token(
        team=mine.team, account=account, name=FIRST_TOKEN, expires_at=ends, by=request.user
    )
    return _render(
        request, mine, ServiceAccountForm(), created={"account": account, "name": FIRST_TOKEN, "token": token}
    )


def _render(
    request: PageRequest, mine: Membership, form: ServiceAccountForm, created: dict[str, object] | None = None
) -> HttpResponse:
    context = {
        "mine": mine,
        "team": mine.team,
        "may_manage": True,
        "accounts": [_with_tokens(mine, account) for account in queries.service_accounts_of(mine.team)],
        "form": form,
        "created": created,
    }
    return render(request, "teams/service_accounts.html", context, status=422 if form.errors else 200)


def _with_tokens(mine: Membership, account: User) -> dict[str, object]:
    tokens = sorted(account.api_tokens.all(), key=lambda token: token.created_at, reverse=True)
    active = [token for token in tokens if token.state is TokenState.ACTIVE]
    return {
        "account": account,
        "active": active,
        "ended": len(tokens) - len(active),
        "delete_url": DELETE_SERVICE_ACCOUNT.url(mine.team_id, account.pk),
    }


@never_cache
def new_token(request: PageRequest, team_id: str, user_id: str) -> HttpResponse:
    mine = managing_membership_for(request.user, team_id)
    account = service_account_for(mine, user_id).user
    form = AccountTokenForm(request.POST or None, auto_id="token_%s")  # the page underneath has a name too
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            token = service_accounts.create_token(
                team=mine.team,
                account=account,
                name=name,
                scopes=form.cleaned_data["scopes"],
                expires_at=form.cleaned_data.get("expires_at"),
                by=request.user,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _show(request, mine, account, name, token)
    return dialog(
        request,
        "teams/_new_account_token.html",
        title=gettext("New token for %(account)s") % {"account": account.name},
        back=_accounts_url(mine),
        status=422 if form.errors else 200,
        team=mine.team,
        account=account,
        form=form,
    )


@never_cache
def reset_token(request: PageRequest, team_id: str, user_id: str) -> HttpResponse:
    """Asks once more, then ends all tokens of the account and shows a new one."""
    mine = managing_membership_for(request.user, team_id)
    account = service_account_for(mine, user_id).user
    if request.method == "POST":
        token = service_accounts.reset_token(team=mine.team, account=account, by=request.user)
        return _show(request, mine, account, "the new token", token)
    title, back = gettext("Reset the tokens of %(account)s?") % {"account": account.name}, _accounts_url(mine)
    return dialog(request, "teams/_reset_account_token.html", title=title, back=back, team=mine.team, account=account)


def revoke_account_token(request: PageRequest, team_id: str, user_id: str, token_id: str) -> HttpResponse:
    """Asks once more, then ends one token."""
    mine = managing_membership_for(request.user, team_id)
    account = service_account_for(mine, user_id).user
    token = get_object_or_404(account.api_tokens, pk=token_id)
    if request.method == "POST":
        service_accounts.revoke_token(team=mine.team, account=account, token_id=token_id, by=request.user)
        return done(
            request,
            gettext("%(token)s of %(account)s is revoked.") % {"token": token.name, "account": account.name},
            _accounts_url(mine),
        )
    title, back = gettext("Revoke %(token)s?") % {"token": token.name}, _accounts_url(mine)
    template = "teams/_revoke_account_token.html"
    return dialog(request, template, title=title, back=back, team=mine.team, account=account, token=token)


def _show(request: PageRequest, mine: Membership, account: User, name: str, token: str) -> HttpResponse:
    title = gettext("New token for %(account)s") % {"account": account.name}
    back = _accounts_url(mine)
    return dialog(request, "teams/_account_token.html", title=title, back=back, account=account, name=name, token=token)


def _accounts_url(mine: Membership) -> str:
    return reverse("teams:service_accounts", args=[mine.team_id])
