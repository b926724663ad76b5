"""How people sign in, as django-allauth stores it: for looking only, and without what is secret in it."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from teams.admin_base import LookOnlyAdmin, StaffAdmin, chosen
from teams.models import User

# allauth registers its own pages, which show everything there is.
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken])


@admin.register(EmailAddress)
class EmailAddressAdmin(LookOnlyAdmin):
    goes_with_its_parent = True
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified", chosen("user", User))
    list_select_related = ("user",)
    search_fields = ("email",)
    search_help_text = "E-mail address"
    ordering = ("-pk",)
    fields = ("email", "user", "primary", "verified")


@admin.register(Authenticator)
class AuthenticatorAdmin(LookOnlyAdmin):
    """Second factors: of what kind, and when they were used. They are removed by an action on the list of people."""

    goes_with_its_parent = True
    title = "Second factors"
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", chosen("user", User))
    list_select_related = ("user",)
    search_fields = ("user__email",)
    search_help_text = "E-mail address"
    ordering = ("-pk",)
    fields = ("user", "type", "created_at", "last_used_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        return super().get_queryset(request).defer("data")


@admin.register(SocialAccount)
class SocialAccountAdmin(StaffAdmin):
    """Accounts at the single sign-on provider. Deleting one unlinks it; signing in there links it again."""

    goes_with_its_parent = True
    list_display = ("user", "provider", "uid", "last_login")
    list_filter = (chosen("user", User),)
    list_select_related = ("user",)
    search_fields = ("user__email", "uid__exact")
    search_help_text = "E-mail address, or the id at the provider"
    ordering = ("-pk",)
    fields = readonly_fields = ("user", "provider", "uid", "last_login", "date_joined")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
