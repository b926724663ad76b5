from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from core.web.navigation import CLIENT, HOME
from teams import services
from teams.models import TokenState
from teams.requests import PageRequest
from teams.tokens import setup
from teams.tokens.forms import TokenForm, WelcomeForm


@login_not_required
@never_cache
def welcome(request: HttpRequest) -> HttpResponse:
    """First visit of a new installation: create the owner. Closed as soon as anybody exists.

    Who does not sit at the machine needs the link that the start prints (?setup=…).
    """
    if not services.nobody_yet():
        return redirect(HOME.url())
    asks_secret = setup.needs_secret(request)
    form = WelcomeForm(request.POST or None, asks_secret=asks_secret, secret=request.GET.get("setup", ""))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = services.create_owner(email=data["email"], password=data["password"], team_name=data["team_name"])
        except services.AlreadyInstalledError:
            return redirect("account_login")
        login(request, user, backend="teams.backends.PasswordBackend")
        messages.success(
            request,
            gettext("Welcome! You own %(team_name)s. Now create your first dataset.")
            % {"team_name": data["team_name"]},
        )
        return redirect(HOME.url())
    return render(request, "teams/welcome.html", {"form": form}, status=422 if form.errors else 200)


@never_cache  # neither the browser nor its back button may keep the answer that shows a new token
def tokens(request: PageRequest) -> HttpResponse:
    """A person's own API tokens. A new one is in the answer to the POST that made it, and nowhere else."""
    form = TokenForm(request.user, request.POST or None)
    created = None
    if request.method == "POST" and form.is_valid():
        name, scopes = form.cleaned_data["name"], form.cleaned_data["scopes"]
        expires_at = form.cleaned_data.get("expires_at")
        token = services.create_token(user=request.user, name=name, scopes=scopes, expires_at=expires_at)
        created = {"name": name, "token": token}
        form = TokenForm(request.user)
    everything = list(request.user.api_tokens.order_by("-created_at", "-pk"))
    context = {
        "form": form,
        "created": created,
        "client_url": CLIENT.url(),
        "active": [token for token in everything if token.state is TokenState.ACTIVE],
        "ended": [token for token in everything if token.state is not TokenState.ACTIVE],
    }
    return render(request, "teams/tokens.html", context, status=422 if form.errors else 200)


def revoke_token(request: PageRequest, token_id: str) -> HttpResponse:
    """Asks once more, then ends a token of the person's own."""
    token = get_object_or_404(request.user.api_tokens, pk=token_id)
    if request.method == "POST":
        services.revoke_token(user=request.user, token_id=token_id)
        messages.success(request, gettext("%(token)s is revoked. It no longer works.") % {"token": token.name})
        return HttpResponseClientRedirect(reverse("teams:tokens")) if request.htmx else redirect("teams:tokens")
    template = "teams/_revoke_token.html" if request.htmx else "teams/revoke_token.html"
    return render(request, template, {"token": token})
