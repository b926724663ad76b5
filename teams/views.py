from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from teams import services
from teams.forms import WelcomeForm


@login_not_required
def welcome(request: HttpRequest) -> HttpResponse:
    """First visit of a new installation: create the owner. Closed as soon as anybody exists."""
    if not services.nobody_yet():
        return redirect("home")
    form = WelcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = services.create_owner(email=data["email"], password=data["password"], team_name=data["team_name"])
        except services.AlreadyInstalledError:
            return redirect("account_login")
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        messages.success(request, f"Welcome! You own {data['team_name']}. Now create your first dataset.")
        return redirect("home")
    return render(request, "teams/welcome.html", {"form": form}, status=422 if form.errors else 200)
