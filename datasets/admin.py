from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core.addresses import NOT_AN_ADDRESS
from datasets import services
from datasets.handover.services import transfer_datasets
from datasets.models import Dataset, SharedWith
from teams.admin.base import Question, StaffAdmin, chosen
from teams.models import Team, User
from teams.queries import possible_owners

# So many addresses are offered while typing, or shown as those a dataset is shared with.
MOST_OFFERED = 200
MOST_SHOWN = 20
# So many datasets change hands at once.
MOST_TRANSFERRED = 500


class DatasetForm(forms.ModelForm):
    class Meta:
        model = Dataset
        fields = ("name", "type")

    def clean_name(self) -> str:
        # The owner stands in no box, so Django would not look at "unique per owner" by itself.
        name: str = self.cleaned_data["name"].strip()
        owner = self.instance.owner
        if Dataset.objects.filter(owner=owner, name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(f"{owner} has a dataset named {name} already. Choose another name.")
        return name


class NewOwnerForm(forms.Form):
    """Who shall own the datasets: a person of their team, by address, as a team may have thousands."""

    email = forms.EmailField(
        label="New owner",
        help_text="The e-mail address of a member of the team.",
        widget=forms.EmailInput(attrs={"list": "people", "autocomplete": "off", "size": "40"}),
        error_messages={"invalid": NOT_AN_ADDRESS},
    )

    def __init__(self, team: Team, data: Any = None) -> None:
        self.team = team
        super().__init__(data)

    @property
    def offered(self) -> list[str]:
        return list(self._members().order_by("email").values_list("email", flat=True)[:MOST_OFFERED])

    def _members(self) -> QuerySet[User]:
        return possible_owners(self.team)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "email" in data:
            email = User.objects.normalize_email(data["email"])
            data["owner"] = self._members().filter(email=email).first()
            if data["owner"] is None:
                self.add_error("email", f"No member of {self.team} who may sign in has the address {email}.")
        return data


@admin.register(Dataset)
class DatasetAdmin(StaffAdmin):
    """Datasets are made in the dashboard. Here they are renamed, handed over and deleted."""

    list_display = ("name", "type", "team", "owner", "modified_at")
    list_filter = ("type", chosen("team", Team), chosen("owner", User))
    list_select_related = ("team", "owner")
    search_fields = ("name", "id__exact", "owner__email")
    search_help_text = "Name, id, or the owner's e-mail address"
    ordering = ("-pk",)
    form = DatasetForm
    fields = ("name", "type", "owner", "team", "id", "created_at", "modified_at", "shared_with")
    readonly_fields = ("owner", "team", "id", "created_at", "modified_at", "shared_with")
    actions = ("transfer",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="shared with")
    def shared_with(self, dataset: Dataset) -> str:
        found = list(
            SharedWith.objects.filter(shared_access__dataset=dataset)
            .order_by("email")
            .values_list("email", flat=True)[: MOST_SHOWN + 1]
        )
        return ", ".join(found[:MOST_SHOWN]) + (", …" if len(found) > MOST_SHOWN else "") or "nobody outside the team"

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.touch(dataset=obj)

    @admin.action(description="Transfer to another owner", permissions=["act"])
    def transfer(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> HttpResponse | None:
        datasets = list(queryset.select_related("team", "owner")[: MOST_TRANSFERRED + 1])
        if len({dataset.team_id for dataset in datasets}) != 1 or len(datasets) > MOST_TRANSFERRED:
            text = f"Choose at most {MOST_TRANSFERRED} datasets, all of one team."
            self.message_user(request, text, messages.ERROR)
            return None
        form = NewOwnerForm(datasets[0].team, request.POST if "confirmed" in request.POST else None)
        text = (
            f"They stay in {form.team}. The new owner may change and delete them; the old owner may only look at them. "
            "If the new owner already uses a name, a number is added to it."
        )
        if page := self.ask(request, queryset, Question("Transfer these datasets?", text, "Transfer"), form):
            return page
        owner = form.cleaned_data["owner"]
        try:
            count = transfer_datasets(
                team=form.team,
                datasets=Dataset.objects.filter(pk__in=[dataset.pk for dataset in datasets]),
                heir=owner,
                by=request.user,  # type: ignore[arg-type]  # who sees the panel is a User
            )
        except ValidationError as error:  # somebody was quicker than the form
            self.tell_errors(request, error)
            return None
        self.log_each(request, datasets, f"Transferred to {owner}.", is_recorded=True)
        self.tell(request, f"{count} of {len(datasets)} have {owner} as their new owner.", count=count)
        return None
