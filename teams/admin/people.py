"""People and teams in the admin panel. How they get in is in admin_sign_in.py, what they did in admin_records.py."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from teams.access import SECOND_FACTORS
from teams.admin import services as administration
from teams.admin.base import Question, StaffAdmin, StaffRules, chosen, list_link, may_change, moment, row_link
from teams.admin.forms import (
    MembershipForm,
    MembershipFormSet,
    NewMembershipForm,
    NewMembershipFormSet,
    PersonAddForm,
    PersonForm,
    RoleForm,
)
from teams.models import ApiToken, Membership, Team, User

admin.site.unregister(Group)  # roles live in memberships; what staff may do is in admin_base.py

# With more members than this, a team's page links to the list of its memberships instead.
MOST_INLINE = 50


class MembershipInline(StaffRules, admin.StackedInline):
    """Who is in it already. Who it is stays as it is, so no row needs a query for a box to choose from."""

    model = Membership
    form = RoleForm
    formset = MembershipFormSet
    extra = 0
    verbose_name_plural = "members"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembersInline(MembershipInline):
    fields = (("person", "role", "created_at"),)
    readonly_fields = ("person", "created_at")
    ordering = ("created_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "team")

    @admin.display(description="person")
    def person(self, membership: Membership) -> str:
        return row_link(membership.user)


class TeamsInline(MembershipInline):
    fields = (("its_team", "role", "created_at"),)
    readonly_fields = ("its_team", "created_at")
    verbose_name_plural = "teams"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "team")

    @admin.display(description="team")
    def its_team(self, membership: Membership) -> str:
        return row_link(membership.team)


class NewMembershipInline(StaffRules, admin.StackedInline):
    """One more."""

    model = Membership
    form = NewMembershipForm
    formset = NewMembershipFormSet
    extra = 1
    max_num = 1
    verbose_name = "add to a team"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_delete_permission = has_change_permission

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).none()


class NewMemberInline(NewMembershipInline):
    fields = (("user", "role"),)
    verbose_name = "add a member"


class NewTeamInline(NewMembershipInline):
    fields = (("team", "role"),)


_has_factor = Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS))


class SecondFactorFilter(admin.SimpleListFilter):
    title = "second factor"
    parameter_name = "second_factor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Has one"), ("no", "Has none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        chosen_ones = {"yes": Q(_has_factor), "no": ~Q(_has_factor)}.get(self.value() or "")
        return queryset.filter(chosen_ones) if chosen_ones else queryset


@admin.register(User)
class PersonAdmin(StaffAdmin, UserAdmin):
    title = "People"
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "second_factor", "last_seen", "panel")
    list_filter = ("is_active", "email_is_proven", "is_staff", "is_superuser", SecondFactorFilter)
    search_fields = ("email", "name", "id__exact")
    search_help_text = "E-mail address, name or id"
    filter_horizontal = ()
    form = PersonForm
    add_form = PersonAddForm
    add_form_template = None
    readonly_fields = ("password_state", "second_factor", "last_login", "token_used", "date_joined", "token_list")
    fieldsets = (
        (None, {"fields": ("email", "email_is_proven", "name")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Signs in with", {"fields": ("password_state", "second_factor", "token_list")}),
        ("Seen", {"fields": ("last_login", "token_used", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name")}),)
    actions = ("disable", "enable", "remove_second_factors")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        used = ApiToken.objects.filter(user=OuterRef("pk")).order_by().values("user").annotate(last=Max("last_used_at"))
        people: QuerySet[User] = super().get_queryset(request)
        return people.defer("password").annotate(has_factor=_has_factor, api_used=Subquery(used.values("last")))

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        few = obj is not None and obj.memberships.count() <= MOST_INLINE
        return [*([TeamsInline] if few else []), NewTeamInline]

    def get_urls(self) -> list[Any]:
        link = path(
            "<id>/password-link/", self.admin_site.admin_view(self.password_link), name="teams_user_password_link"
        )
        return [link, *super().get_urls()]

    # --- columns ---

    @admin.display(description="second factor", boolean=True)
    def second_factor(self, person: User) -> bool:
        return bool(vars(person).get("has_factor"))

    @admin.display(description="admin panel")
    def panel(self, person: User) -> str:
        return ("changes" if person.is_superuser else "looks") if person.is_staff else "-"

    @admin.display(description="last seen")
    def last_seen(self, person: User) -> str:
        """The later of: signed in, used a token."""
        seen = [when for when in (person.last_login, vars(person).get("api_used")) if when]
        return moment(max(seen)) if seen else "never"

    @admin.display(description="last use of a token")
    def token_used(self, person: User) -> str:
        return moment(vars(person).get("api_used"))

    @admin.display(description="password")
    def password_state(self, person: User) -> str:
        return "chosen" if person.has_usable_password() else "none: single sign-on, or not chosen yet"

    @admin.display(description="API tokens")
    def token_list(self, person: User) -> str:
        count = person.api_tokens.count()
        return list_link(ApiToken, f"{count} of all times", user=person.pk) if count else "none"

    # --- changes ---

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            administration.forget_other_addresses(obj)
        if change and "is_active" in form.changed_data and not obj.is_active:
            administration.end_sessions({obj.pk})

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        """On to the link with which they choose a password."""
        if {"_addanother", "_continue", "_popup"} & set(request.POST):
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, f"{obj} has an account now.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:teams_user_password_link", args=[obj.pk]))

    def password_link(self, request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 - the name in Django's own urls
        """Makes a link with which a person chooses their password. It is in the answer to the POST and nowhere else."""
        person = self.get_object(request, unquote(id))
        if not may_change(request):
            raise PermissionDenied
        if person is None:
            raise Http404("There is no such person.")
        link = ""
        if request.method == "POST" and person.is_active:
            self.log_change(request, person, "Created a link to choose a password.")
            link = request.build_absolute_uri(administration.password_path(person))
        context = {
            **self.admin_site.each_context(request),
            "title": f"A link for {person}",
            "opts": self.opts,
            "original": person,
            "link": link,
            "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
        }
        return TemplateResponse(request, "admin/teams/user/password_link.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj != request.user

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        to_delete, model_count, perms_needed, protected = super().get_deleted_objects(objs, request)
        people: Any = objs.order_by().values("pk") if isinstance(objs, QuerySet) else [person.pk for person in objs]
        left = administration.teams_without_owner(Membership.objects.filter(user__in=people))
        return to_delete, model_count, perms_needed, [*protected, *(f"{team} would have no owner" for team in left)]

    # --- actions ---

    @admin.action(description="Disable: no sign-in, no tokens", permissions=["act"])
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = Question(
            "Disable these people?",
            "They are signed out at once, and can't sign in until somebody enables them again. Their API tokens stop "
            "working. Their datasets stay.",
            "Disable",
            dangerous=True,
        )
        if page := self.ask(request, queryset, question):
            return page
        people = list(queryset)
        if request.user in people or administration.last_superuser(people):
            text = "Nobody was disabled: you can't disable yourself, or the last person who may change things here."
            self.message_user(request, text, messages.ERROR)
            return None
        self.log_each(request, (person for person in people if person.is_active), "Disabled.")
        count = administration.disable(people)
        self.tell(request, f"{count} of {len(people)} disabled. They are signed out.", count=count)
        return None

    @admin.action(description="Enable", permissions=["act"])
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = Question(
            "Enable these people?", "They may sign in again, and their API tokens work again.", "Enable"
        )
        if page := self.ask(request, queryset, question):
            return page
        people = list(queryset)
        self.log_each(request, (person for person in people if not person.is_active), "Enabled.")
        count = administration.enable(people)
        self.tell(request, f"{count} of {len(people)} enabled.", count=count)
        return None

    @admin.action(description="Remove second factors of people who lost them", permissions=["act"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = Question(
            "Remove their second factors?",
            "Authenticator apps, passkeys and recovery codes are removed for good. First make sure that the request "
            "really comes from them: afterwards the password alone is enough to sign in.",
            "Remove them",
            dangerous=True,
        )
        if page := self.ask(request, queryset, question):
            return page
        people = list(queryset)
        count = administration.remove_second_factors(people)
        self.log_each(request, people, "Removed second factors.")
        self.tell(request, f"Removed from {count} of {len(people)}.", count=count)
        return None


@admin.register(Team)
class TeamAdmin(StaffAdmin):
    list_display = ("name", "people", "recheck_hours", "mfa_required", "created_at")
    list_filter = ("mfa_required",)
    search_fields = ("name", "id__exact")
    search_help_text = "Name or id"
    ordering = ("-pk",)
    fields = ("name", "recheck_hours", "mfa_required", "created_at", "all_members")
    readonly_fields = ("created_at", "all_members")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        count = Membership.objects.filter(team=OuterRef("pk")).order_by().values("team").annotate(count=Count("*"))
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(member_count=Subquery(count.values("count")))

    def get_inlines(self, request: HttpRequest, obj: Team | None) -> list[Any]:
        few = obj is not None and self.people(obj) <= MOST_INLINE
        return [*([MembersInline] if few else []), NewMemberInline]

    @admin.display(description="members", ordering="member_count")
    def people(self, team: Team) -> int:
        return vars(team).get("member_count") or 0

    @admin.display(description="members")
    def all_members(self, team: Team) -> str:
        return list_link(Membership, f"{self.people(team)} in this team", team=team.pk) if team.pk else "-"


@admin.register(Membership)
class MembershipAdmin(StaffAdmin):
    goes_with_its_parent = True
    list_display = ("user", "team", "role", "created_at")
    list_display_links = ("user",)
    list_filter = ("role", chosen("team", Team), chosen("user", User))
    list_select_related = ("user", "team")
    search_fields = ("user__email", "team__name")
    search_help_text = "E-mail address or team"
    ordering = ("-pk",)
    fields = ("user", "team", "role", "created_at")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = MembershipForm if obj else NewMembershipForm
        return super().get_form(request, obj, change, **{"form": form, **options})

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return ("user", "team", "created_at") if obj else ("created_at",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        to_delete, model_count, perms_needed, protected = super().get_deleted_objects(objs, request)
        rows = objs if isinstance(objs, QuerySet) else Membership.objects.filter(pk__in=[row.pk for row in objs])
        left = administration.teams_without_owner(rows)
        return to_delete, model_count, perms_needed, [*protected, *(f"{team} would have no owner" for team in left)]
