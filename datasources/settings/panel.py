"""A dataset's settings as one request sees them.

A view builds one panel, once, and hands it down: it gives the form what is stored, saves what the form says, and is
what the templates read. Nothing below looks anything up again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.urls import reverse
from django.utils.translation import gettext

from clouds import PROVIDERS, CloudConfig, Provider
from clouds.doctor import snippets
from clouds.policies import Place, Snippet
from datasets.models import Dataset
from datasources import services
from datasources.grants import full_setup, platform_for
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, Datasource, PermissionCheck, Purpose
from datasources.settings.bulbs import DatasourceStatus, statuses_of
from datasources.settings.forms import SUFFIX_FIELD, DatasourceForm, config_class_for, open_names
from datasources.settings.pasting import PASTED, PASTED_INTO, understand
from datasources.shared_credentials import services as shared_credentials
from datasources.shared_credentials.queries import Sharing, sharing
from teams.models import User

# The box "Use the new credentials for the other datasources too".
EVERYWHERE = "everywhere"
# Where the data lies, not who may reach it: the same at all providers whose paths have the same scheme.
PLACE_FIELDS = ["path", "region", "kms_key_arn"]
PURPOSES = {"input": Purpose.INPUT, "lightly": Purpose.LIGHTLY}


@dataclass(frozen=True)
class Tab:
    """A tab of the settings. `status`: of the datasource that it edits, if it edits one."""

    title: str
    url: str
    is_current: bool
    status: DatasourceStatus | None = None


@dataclass(frozen=True)
class AccessSetup:
    """What to run or paste in one's cloud so that a datasource there works.

    `depends_on`: the form's fields from which it is made. Only these are sent when they change, and no secret is one.
    """

    place: Place
    snippets: list[Snippet]
    depends_on: list[str]


class Panel:
    """The settings, opened at `tab`: dataset or history; see DatasourcePanel for the others."""

    def __init__(self, dataset: Dataset, tab: str, *, in_dialog: bool = False) -> None:
        self.dataset = dataset
        self.tab = tab
        # In the dialog links and forms stay inside it. On a page of its own the same markup has plain ones.
        self.in_dialog = in_dialog

    @cached_property
    def datasources(self) -> dict[str, Datasource]:
        """By purpose, with the check that is shown of each. One query, the only one for datasources."""
        found = self.dataset.datasources.select_related("latest_check__requested_by")
        return {datasource.purpose: datasource for datasource in found}

    @cached_property
    def statuses(self) -> dict[Purpose, DatasourceStatus]:
        """Of Input and Lightly, whether or not they are configured, or of the one datasource that is both."""
        return {status.purpose: status for status in statuses_of(self.datasources.values())}

    @cached_property
    def tabs(self) -> list[Tab]:
        return [
            self._tab("input", gettext("Input"), self.statuses.get(Purpose.INPUT)),
            self._tab("lightly", gettext("Lightly"), self.statuses.get(Purpose.LIGHTLY)),
            self._tab("dataset", gettext("Dataset")),
            self._tab("history", gettext("Check history")),
        ]

    def _tab(self, key: str, title: str, status: DatasourceStatus | None = None) -> Tab:
        edits = status or (self.statuses[Purpose.INPUT_OUTPUT] if key in PURPOSES else None)
        return Tab(title, self._url_of(key), key == self.tab, edits)

    @property
    def url(self) -> str:
        """The same tab as a page of the dataset."""
        return self._url_of(self.tab)

    def _url_of(self, tab: str) -> str:
        if tab in PURPOSES:
            return reverse("datasources:settings", args=[self.dataset.pk, tab])
        return reverse(f"datasources:{tab}", args=[self.dataset.pk])


class DatasourcePanel(Panel):
    """The settings, opened at the tab of a datasource: `input` or `lightly`.

    One datasource that serves as both, which only scripts can make, stands behind both tabs.
    """

    form: DatasourceForm
    asker: User | None = None  # who looks at the page, if what is said depends on it
    everywhere = False  # whether EVERYWHERE is ticked
    replaced: shared_credentials.Replaced | None = None  # after a save with EVERYWHERE

    def for_person(self, person: User) -> Self:
        self.asker = person
        return self

    @cached_property
    def sharing(self) -> Sharing:
        """Which other datasources use the same credential as what is stored, as far as the asker may see them."""
        if self.asker is None or self.config is None:
            return Sharing()
        return sharing(self.config, person=self.asker, apart_from=self.datasource)

    @property
    def purpose(self) -> Purpose:
        return Purpose.INPUT_OUTPUT if Purpose.INPUT_OUTPUT in self.datasources else PURPOSES[self.tab]

    @property
    def datasource(self) -> Datasource | None:
        return self.datasources.get(self.purpose)

    @property
    def other_purpose(self) -> Purpose:
        return Purpose.LIGHTLY if self.purpose is Purpose.INPUT else Purpose.INPUT

    @property
    def other(self) -> Datasource | None:
        """The datasource of the other tab, whose provider and credentials may be copied."""
        return self.datasources.get(self.other_purpose)

    @cached_property
    def config(self) -> CloudConfig | None:
        """What is stored, decrypted at most once; None if nothing is, or nothing that can be read."""
        return self.datasource.readable_config() if self.datasource else None

    @cached_property
    def other_config(self) -> CloudConfig | None:
        return self.other.readable_config() if self.other else None

    @property
    def status(self) -> DatasourceStatus:
        return self.statuses[self.purpose]

    # ---- the form ----

    def show_form(self, provider: str | None = None, *, copy: bool = False, typed: Mapping[str, str] = {}) -> None:
        """The form as stored; or for another provider; or with the other datasource's provider and credentials.

        `typed` stands in place of what is stored: what was entered on an earlier page.
        """
        copied_from = self.other_purpose if copy and self.other_config else None
        stored = self.other_config if copied_from else self.config
        self.form = DatasourceForm(
            config_class_for(provider, stored),
            self.purpose,
            stored=stored,
            suffix=self.datasource.thumbnail_suffix if self.datasource else DEFAULT_THUMBNAIL_SUFFIX,
            copied_from=copied_from,
            read_only=not self.dataset.may_edit,
            marks=() if copied_from else self.status.marks,
            team=self.dataset.team if self.dataset.may_edit else None,
            for_guest=self.is_for_guest,
        )
        self.form.initial.update(self._place_at(self.form.config_class, stored))
        if copied_from and stored and self.purpose is Purpose.LIGHTLY:
            self.form.initial["path"] = _beside(stored.path)
        self.form.initial.update({name: value for name in self.form.open_names if (value := typed.get(name))})

    @staticmethod
    def _place_at(config_class: type[CloudConfig], stored: CloudConfig | None) -> dict[str, str]:
        """What stays true of the stored place when another provider is chosen that has the same kind of paths."""
        if stored is None or isinstance(stored, config_class):
            return {}
        if not stored.scheme or stored.scheme != config_class.scheme:
            return {}
        names = [name for name in PLACE_FIELDS if name in stored.fields() and name in config_class.fields()]
        return {name: getattr(stored, name) for name in names}

    def fill_form(self, data: Mapping[str, Any], files: Mapping[str, Any]) -> DatasourceForm:
        """The form as it was sent, after each pasted value went to its own field. Ask it whether it is valid."""
        self.everywhere = EVERYWHERE in data
        copied_from = self.other_purpose if data.get("copied_from") == self.other_purpose else None
        stored = self.other_config if copied_from else self.config
        chosen = config_class_for(data.get("provider"), stored)
        own: Any = {"team": self.dataset.team, "for_guest": self.is_for_guest}
        begun = DatasourceForm(chosen, self.purpose, stored=stored, **own)
        understood = understand(data, chosen, begun.open_values())
        self.form = DatasourceForm(
            understood.config_class,
            self.purpose,
            data=understood.data,
            files=files,
            stored=stored,
            copied_from=copied_from,
            understood=understood,
            **own,
        )
        return self.form

    def fill_form_from_paste(self, data: Mapping[str, Any]) -> DatasourceForm:
        """The form as it is on the page, with what was just pasted into a field in place of what stood there.

        What is still missing is no error yet.
        """
        form = self.fill_form({**data, data.get(PASTED_INTO, ""): data.get(PASTED, "")}, {})
        form.keep_errors(form.understood.problems if form.understood else ())
        return form

    def save(self, *, by: User) -> "DatasourcePanel":
        """Store what the valid form says, and queue its check. Returns the panel as it is from now on."""
        config = self.form.cleaned_data["config"]
        check, replaced = self._store(config, by)
        saved = DatasourcePanel(self.dataset, self.tab, in_dialog=self.in_dialog)
        if replaced is None:  # else the other tab's may have changed too
            saved.datasources = self.datasources | {self.purpose: check.datasource}
        saved.config = config
        saved.asker, saved.replaced = self.asker, replaced
        return saved

    def _store(self, config: CloudConfig, by: User) -> tuple[PermissionCheck, shared_credentials.Replaced | None]:
        own: Any = {
            "dataset": self.dataset,
            "purpose": self.purpose,
            "thumb_suffix": self.form.cleaned_data.get(SUFFIX_FIELD, DEFAULT_THUMBNAIL_SUFFIX),
            "by": by,
        }
        # A secret that is stored stays where it is: only what was entered now may go to other datasources.
        is_new = self.config and shared_credentials.is_another(config, self.config) and not self.form.kept
        if self.everywhere and self.config and is_new:
            return shared_credentials.save_everywhere(old=self.config, new=config, **own)
        return services.save(config=config, **own), None

    # ---- what stands around the form ----

    @property
    def is_for_guest(self) -> bool:
        """Whether the page is for somebody from outside the team, who works with what its members stored."""
        return self.dataset.hides_from_guest

    @property
    def providers(self) -> dict[str, Provider]:
        """All of them, to choose one."""
        return PROVIDERS

    @property
    def place_fields(self) -> list[str]:
        """The fields that stay when another provider is chosen that has the same kind of paths."""
        return PLACE_FIELDS

    @property
    def shares_directory(self) -> bool:
        """Whether Input and Lightly are stored at one and the same place, so that raw data is written to."""
        here, there = self.datasource, self.other
        return bool(here and there and (here.provider, here.path) == (there.provider, there.path))

    @property
    def lacks_identity(self) -> bool:
        """Whether the form is for a role, and nobody has said who this installation is to AWS."""
        takes_role = "role_arn" in self.form.config_class.fields()
        return takes_role and not platform_for(self.dataset.team).aws_principal

    @property
    def waits_for_a_change(self) -> bool:
        """Whether a change in the cloud may turn a bulb green while the person looks at it, who may have it checked."""
        red = any(bulb.state == "denied" for bulb in self.status.bulbs)
        return red and not self.status.is_open and self.dataset.may_edit

    @property
    def next_tab(self) -> Tab | None:
        """The tab of the other datasource, while that is still missing."""
        other = self.tabs[0 if self.tab == "lightly" else 1]
        return other if self.datasource and other.status and other.status.datasource is None else None

    @property
    def is_of_stored_provider(self) -> bool:
        """Whether the form shows the fields of the provider that is stored."""
        return self.datasource is None or self.datasource.provider_class is self.form.config_class

    @cached_property
    def access(self) -> AccessSetup:
        """For what stands in the form."""
        return self.access_for(self.form.config_class, self.form.open_values())

    def access_for(self, config_class: type[CloudConfig], typed: Mapping[str, str]) -> AccessSetup:
        """For what was typed so far, whether or not it is complete."""
        place = Place.typed(config_class, typed)
        return AccessSetup(
            place,
            full_setup(place, self.purpose, self.dataset.team, for_guest=self.is_for_guest),
            open_names(config_class),
        )

    @cached_property
    def python(self) -> str:
        """The stored datasource as a call of the client; empty if nothing is stored that can be read."""
        if self.datasource is None or self.config is None:
            return ""
        suffix = self.datasource.thumbnail_suffix
        return snippets.stored(
            self.config,
            dataset_id=self.dataset.pk,
            purpose=self.purpose,
            thumbnail_suffix=suffix,
            hidden=self.config.members_only_fields() if self.is_for_guest else (),
        )


def _beside(path: str) -> str:
    """A directory for Lightly beside that of the raw data, or in the bucket's root where the raw data fills it all."""
    scheme, mark, rest = path.rpartition("://")
    bucket, _, prefix = rest.strip("/").partition("/")
    parent = prefix.rpartition("/")[0]
    return f"{scheme}{mark}{bucket}/{parent}/lightly/" if parent else f"{scheme}{mark}{bucket}/lightly/"
