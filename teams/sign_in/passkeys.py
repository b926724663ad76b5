"""Removing a passkey. django-allauth asks whether the last second factor may go for authenticator apps alone."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect


class RemovePasskeyView(RemoveWebAuthnView):  # type: ignore[misc]  # allauth ships no types
    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
            return HttpResponseRedirect(self.get_success_url())
        response: HttpResponse = super().form_valid(form)
        return response


remove_passkey = RemovePasskeyView.as_view()
