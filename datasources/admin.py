"""For looking only: credentials are changed in the settings dialog, where a check follows, and never shown anywhere."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clouds import PROVIDERS
from clouds.failures import Cause
from clouds.permissions import Permission
from core.ids import first_id_at
from datasets.models import Dataset
from datasources import services
from datasources.checks import lifecycle as checks
from datasources.models import OPEN_STATES, Alert, Datasource, DatasourceState, GrantLink, PermissionCheck
from datasources.states import state_of
from teams.admin.base import LookOnlyAdmin, Question, StaffAdmin, chosen, list_link, moment, row_link

Choices = list[tuple[str, str]]
PERIODS = {"hour": ("Last hour", 1), "day": ("Last 24 hours", 24), "week": ("Last 7 days", 168)}


class ProviderFilter(admin.SimpleListFilter):
    title = parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(name, provider.label) for name, provider in PROVIDERS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(provider=self.value()) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    title = parameter_name = "bulbs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(state.value, str(state.label)) for state in DatasourceState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Datasource]) -> QuerySet[Datasource]:
        value = self.value()
        return queryset.filter(state=value) if value in DatasourceState.values else queryset


def with_cause(cause: str, prefix: str = "") -> Q:
    """Checks in which any permission failed for this cause."""
    question = Q()
    for permission in Permission:
        question |= Q(**{f"{prefix}verdicts__{permission.value}__cause": cause})
    return question


class CauseFilter(admin.SimpleListFilter):
    title = parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(cause.value, cause.value.replace("_", " ").capitalize()) for cause in Cause]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(with_cause(self.value() or "", "latest_check__")) if self.value() else queryset


class LatestCauseFilter(CauseFilter):
    """Of a hundred checks per datasource only the latest is searched: causes lie in JSON, where no index helps."""

    title = "cause, in latest checks"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        found = Datasource.objects.filter(with_cause(self.value() or "", "latest_check__"))
        return queryset.filter(pk__in=found.values("latest_check"))


class PeriodFilter(admin.SimpleListFilter):
    """By the primary key, which begins with the second of its making: no index on a date is needed."""

    title = "queued"
    parameter_name = "queued"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(name, label) for name, (label, _) in PERIODS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _, hours = PERIODS.get(self.value() or "", ("", 0))
        return queryset.filter(pk__gte=first_id_at(timezone.now() - timedelta(hours=hours))) if hours else queryset


class OpenFilter(admin.SimpleListFilter):
    title = "life"
    parameter_name = "life"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("open", "Open"), ("stuck", "Stuck: should have ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "stuck":
            return queryset.filter(checks.stuck())
        return queryset.filter(state__in=OPEN_STATES) if self.value() == "open" else queryset


def state_mark(check: PermissionCheck | None) -> SafeString:
    """A dot and a word: the state of a datasource with this latest check. Open checks and those given up say so."""
    state = state_of(check)
    word = state.label if check is None or check.outcome else check.get_state_display()
    return format_html('<span class="look look--{}">{}</span>', state.value, word)


def causes(check: PermissionCheck | None) -> str:
    """Each cause once, in the order of the permissions."""
    verdicts = check.verdicts if check else {}
    found = dict.fromkeys(verdict.get("cause", "") for verdict in verdicts.values())
    return ", ".join(cause.replace("_", " ") for cause in found if cause) or "-"


def verdict_table(check: PermissionCheck | None) -> str:
    if check is None or not check.verdicts:
        return "-"
    return render_to_string("admin/datasources/_verdicts.html", {"verdicts": check.verdicts})


@admin.register(Datasource)
class DatasourceAdmin(StaffAdmin):
    list_display = (
        "dataset",
        "purpose",
        "bulbs",
        "cause",
        "provider",
        "path",
        "checked",
        "expires_at",
    )
    list_filter = (StateFilter, "purpose", ProviderFilter, chosen("dataset", Dataset), CauseFilter)
    list_select_related = ("dataset", "latest_check")
    search_fields = ("dataset__name", "path", "id__exact", "dataset__id__exact")
    search_help_text = "Dataset, path or id"
    ordering = ("-pk",)
    fields = readonly_fields = (
        "dataset_page", "team", "purpose", "provider", "path", "thumbnail_suffix", "revision", "created_at",
        "modified_at", "bulbs", "checked", "verdicts", "all_checks", "next_check_at", "expires_at",
    )  # fmt: skip
    actions = ("check_again",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Datasource]:
        # What is not even read can't be shown.
        return super().get_queryset(request).defer("sealed_config", "credential_digest")

    @admin.display(description="bulbs")
    def bulbs(self, datasource: Datasource) -> str:
        return state_mark(datasource.latest_check)

    @admin.display(description="cause")
    def cause(self, datasource: Datasource) -> str:
        return causes(datasource.latest_check)

    @admin.display(description="checked")
    def checked(self, datasource: Datasource) -> str:
        return moment(datasource.latest_check.finished_at) if datasource.latest_check else "never"

    @admin.display(description="dataset")
    def dataset_page(self, datasource: Datasource) -> str:
        return row_link(datasource.dataset)

    @admin.display(description="team")
    def team(self, datasource: Datasource) -> str:
        return row_link(datasource.dataset.team)

    @admin.display(description="what the latest check found")
    def verdicts(self, datasource: Datasource) -> str:
        return verdict_table(datasource.latest_check)

    @admin.display(description="checks")
    def all_checks(self, datasource: Datasource) -> str:
        return list_link(PermissionCheck, "All that are kept", datasource=datasource.pk)

    @admin.action(description="Check again", permissions=["act"])
    def check_again(self, request: HttpRequest, queryset: QuerySet[Datasource]) -> HttpResponse | None:
        most = services.MOST_CHECKED_AGAIN
        text = f"Workers do it in the background, with the stored credentials. At most {most} at a time."
        if page := self.ask(request, queryset, Question("Check these datasources again?", text, "Check again")):
            return page
        total = queryset.count()
        chosen_ones = list(queryset[:most])
        ids = [datasource.pk for datasource in chosen_ones]
        count = services.check_many_again(datasource_ids=ids, by=request.user)  # type: ignore[arg-type]
        self.log_each(request, chosen_ones, "Asked for a check.", is_recorded=True)
        rest = f" The other {total - count} have to wait for a next time." if total > count else ""
        self.tell(request, f"{count} of {total} are being checked.{rest}", count=count)
        return None


@admin.register(PermissionCheck)
class PermissionCheckAdmin(LookOnlyAdmin):
    title = "Checks"
    goes_with_its_parent = True
    list_display = ("queued_at", "outcome_look", "cause", "trigger", "provider", "path", "requested_by", "milliseconds")
    list_filter = (
        OpenFilter, "state", "outcome", "trigger", PeriodFilter, ProviderFilter, chosen("datasource", Datasource),
        LatestCauseFilter,
    )  # fmt: skip
    list_select_related = ("requested_by",)
    search_fields = ("path", "requested_by__email", "id__exact", "datasource__id__exact")
    search_help_text = "Path, id, or the e-mail address of who asked"
    ordering = ("-pk",)  # as they were made
    fields = (
        "the_datasource", "revision", "provider", "path", "trigger", "requested_by", "state", "outcome", "queued_at",
        "dispatched_at", "started_at", "finished_at", "attempts", "milliseconds", "empty", "found",
    )  # fmt: skip
    readonly_fields = ("the_datasource", "found")
    actions = ("expire_stuck",)

    @admin.display(description="check")
    def outcome_look(self, check: PermissionCheck) -> str:
        return state_mark(check)

    @admin.display(description="cause")
    def cause(self, check: PermissionCheck) -> str:
        return causes(check)

    @admin.display(description="datasource")
    def the_datasource(self, check: PermissionCheck) -> str:
        return row_link(check.datasource)

    @admin.display(description="what it found")
    def found(self, check: PermissionCheck) -> str:
        return verdict_table(check)

    @admin.action(description="Give up stuck checks", permissions=["act"])
    def expire_stuck(self, request: HttpRequest, queryset: QuerySet[PermissionCheck]) -> HttpResponse | None:
        text = (
            "Only those that should have ended long ago: running although their worker must have died, or waiting "
            "although they were sent again. Others are left alone."
        )
        if page := self.ask(request, queryset, Question("Give up stuck checks?", text, "Give up")):
            return page
        stuck_ones = list(queryset.filter(checks.stuck()))
        count = checks.expire_stuck([check.pk for check in stuck_ones])
        self.log_each(request, stuck_ones, "Gave up a stuck check.")
        self.tell(request, f"{count} of {queryset.count()} were stuck and are given up.", count=count)
        return None


@admin.register(Alert)
class AlertAdmin(LookOnlyAdmin):
    title = "Alerts"
    goes_with_its_parent = True
    list_display = ("created_at", "kind", "datasource")
    list_filter = ("kind",)
    list_select_related = ("datasource",)
    search_fields = ("id__exact", "datasource__id__exact")
    search_help_text = "Id of the alert or of the datasource"
    ordering = ("-pk",)
    fields = ("datasource", "kind", "created_at")


@admin.register(GrantLink)
class GrantLinkAdmin(LookOnlyAdmin):
    """The link itself is shown to those alone who may edit the dataset."""

    title = "Links for cloud admins"
    goes_with_its_parent = True
    list_display = ("created_at", "made_by", "datasource", "expires_at", "opened_at")
    list_select_related = ("made_by", "datasource")
    search_fields = ("made_by__email", "id__exact", "datasource__id__exact")
    search_help_text = "E-mail address of who made it, or id of the datasource"
    ordering = ("-pk",)
    fields = ("datasource", "made_by", "created_at", "expires_at", "opened_at", "checks_asked")
