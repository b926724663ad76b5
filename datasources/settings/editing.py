"""What the settings and the wizard share: the form of one datasource, empty, as stored or as typed, and saving it."""

from typing import Any

from clouds import CloudConfig
from clouds.policies import Place
from datasets.models import Dataset
from datasources import services
from datasources.granting import whole_setup
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, Datasource, Purpose, UnreadableConfigError
from datasources.settings.bulbs import source_view
from datasources.settings.forms import SUFFIX_FIELD, DatasourceForm, config_class_for
from teams.requests import PageRequest

PURPOSE_TABS = {"input": Purpose.INPUT, "lightly": Purpose.LIGHTLY}


def blank_form(request: PageRequest, dataset: Dataset, purpose: Purpose) -> DatasourceForm:
    """The form as stored, or for another provider, or with the other datasource's provider and credentials."""
    datasource = stored_datasource(dataset, purpose)
    copied_from = other_purpose(purpose) if request.GET.get("copy") else None
    stored = config_of(stored_datasource(dataset, copied_from) if copied_from else datasource)
    return DatasourceForm(
        config_class_for(request.GET.get("provider"), stored),
        purpose,
        stored=stored,
        suffix=datasource.thumbnail_suffix if datasource else DEFAULT_THUMBNAIL_SUFFIX,
        copied_from=copied_from if stored else None,
        read_only=not dataset.may_edit,
        marks=source_view(purpose, datasource).marks if datasource and not copied_from else (),
        team=dataset.team if dataset.may_edit else None,
    )


def filled_form(request: PageRequest, dataset: Dataset, purpose: Purpose) -> DatasourceForm:
    copied_from = other_purpose(purpose) if request.POST.get("copied_from") == other_purpose(purpose) else None
    stored = config_of(stored_datasource(dataset, copied_from or purpose))
    return DatasourceForm(
        config_class_for(request.POST.get("provider"), stored),
        purpose,
        data=request.POST,
        files=request.FILES,
        stored=stored,
        copied_from=copied_from,
        team=dataset.team,
    )


def purpose_of(dataset: Dataset, tab: str) -> Purpose:
    """What a tab edits: a datasource that serves as both (scripts can make one) stands behind both tabs."""
    serves_both = dataset.datasources.filter(purpose=Purpose.INPUT_OUTPUT).exists()
    return Purpose.INPUT_OUTPUT if serves_both else PURPOSE_TABS[tab]


def other_purpose(purpose: Purpose) -> Purpose:
    return Purpose.LIGHTLY if purpose is Purpose.INPUT else Purpose.INPUT


def stored_datasource(dataset: Dataset, purpose: Purpose) -> Datasource | None:
    return dataset.datasources.filter(purpose=purpose).first()


def config_of(datasource: Datasource | None) -> CloudConfig | None:
    try:
        return datasource.config if datasource else None
    except UnreadableConfigError:
        return None  # the form starts empty, and the bulbs say why


def save_form(form: DatasourceForm, dataset: Dataset, purpose: Purpose, request: PageRequest) -> None:
    """Store what a valid form says, and queue its check."""
    services.save(
        dataset=dataset,
        purpose=purpose,
        config=form.cleaned_data["config"],
        thumb_suffix=form.cleaned_data.get(SUFFIX_FIELD, DEFAULT_THUMBNAIL_SUFFIX),
        by=request.user,
    )


def access_context(dataset: Dataset, tab: str, place: Place, names: list[str]) -> dict[str, Any]:
    """`names`: of the form's fields that it depends on. Only those are sent when they change; no secret is."""
    return {
        "dataset": dataset,
        "tab": tab,
        "place": place,
        "setup": whole_setup(place, purpose_of(dataset, tab), dataset.team),
        "access_names": names,
    }
