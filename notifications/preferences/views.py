"""What a person wants to hear of."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from notifications.preferences.forms import PersonalForm
from notifications.preferences.pages import PAGE, settings_page
from notifications.preferences.services import save_settings
from teams.requests import PageRequest


def notification_settings(request: PageRequest) -> HttpResponse:
    if request.method != "POST":
        return settings_page(request)
    form = PersonalForm(request.POST)
    if not form.is_valid():
        return settings_page(request, personal=form, status=422)
    save_settings(user=request.user, scope=form.cleaned_data["scope"], mail_choices=form.mail_choices)
    messages.success(request, gettext("Saved."))
    return redirect(PAGE)
