"""How people and their scripts get in: for looking only, and without what is secret in it."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from teams.admin import services as administration
from teams.admin.base import LookOnlyAdmin, Question, StaffAdmin, chosen
from teams.models import ApiToken, TokenState, User

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


class TokenStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in TokenState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        now = timezone.now()
        match self.value():
            case TokenState.REVOKED:
                return queryset.exclude(revoked_at=None)
            case TokenState.EXPIRED:
                return queryset.filter(revoked_at=None, expires_at__lte=now)
            case TokenState.ACTIVE:
                return queryset.filter(revoked_at=None).exclude(expires_at__lte=now)
        return queryset


@admin.register(ApiToken)
class ApiTokenAdmin(LookOnlyAdmin):
    """Tokens are seen and revoked here, never made: nobody but their owner may see one."""

    title = "API tokens"
    goes_with_its_parent = True
    list_display = ("name", "user", "state", "scopes", "created_at", "last_used_at", "expires_at")
    list_filter = (TokenStateFilter, chosen("user", User))
    list_select_related = ("user",)
    search_fields = ("name", "user__email", "id__exact")
    search_help_text = "Name, id or e-mail address"
    ordering = ("-pk",)
    fields = ("name", "user", "state", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        return super().get_queryset(request).defer("digest")

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        return str(token.state.label)

    @admin.action(description="Revoke", permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponse | None:
        text = "Scripts that use them stop working immediately. This can't be undone."
        if page := self.ask(request, queryset, Question("Revoke these tokens?", text, "Revoke", dangerous=True)):
            return page
        live = list(queryset.filter(revoked_at=None).select_related("user"))
        count = administration.revoke(queryset)
        self.log_each(request, live, "Revoked.")
        self.tell(request, f"{count} revoked. They no longer work.", count=count)
        return None
