"""The settings form of a datasource, made from a config class: no field is declared here a second time."""

from collections.abc import Collection, Iterable
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from clouds import PROVIDERS, CloudConfig, provider_of
from clouds.config import Expiry, extra
from core.web.rendering import LimitedBoundField
from datasources.checks.expiry import near_end_warning
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, Purpose
from datasources.settings.bulbs import Mark, mark_id
from datasources.settings.pasting import Understood
from datasources.validation import InvalidSettingsError, checked_config, problem_of_suffix
from teams.models import Team

FILE_SUFFIX = "_file"
SUFFIX_FIELD = "thumbnail_suffix"


class SecretTextarea(forms.Textarea):
    """A box of several lines that never shows its value. Django's own would send back what was typed."""

    def format_value(self, value: Any) -> None:
        return None


class MarkedField(LimitedBoundField):
    """A field that is also described by what the last check found wrong with it."""

    @property
    def mark_id(self) -> str:
        form = cast("DatasourceForm", self.form)
        return mark_id(form.config_class.model_fields["type"].default, self.name)

    @property
    def aria_describedby(self) -> str | None:
        marked = self.name in cast("DatasourceForm", self.form).config_class.fields()
        return f"{super().aria_describedby or ''} {self.mark_id if marked else ''}".strip() or None


class DatasourceForm(forms.Form):
    """One provider's fields. Where a secret is left empty, the secret of `stored` is kept."""

    bound_field_class = MarkedField
    provider = forms.CharField(widget=forms.HiddenInput)
    copied_from = forms.ChoiceField(choices=Purpose.choices, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        config_class: type[CloudConfig],
        purpose: Purpose,
        *,
        data: Any = None,
        files: Any = None,
        stored: CloudConfig | None = None,
        suffix: str = DEFAULT_THUMBNAIL_SUFFIX,
        copied_from: Purpose | None = None,
        read_only: bool = False,
        marks: Iterable[Mark] = (),
        team: Team | None = None,
        understood: Understood | None = None,
        for_guest: bool = False,
    ) -> None:
        self.purpose = purpose
        self.team = team
        self.hidden = config_class.members_only_fields() if for_guest else []
        self.for_guest = for_guest
        self.understood = understood  # what `data` was made from, if people sent it
        self.marks = {mark.id: mark.words for mark in marks}
        self.config_class = config_class
        self.stored = stored if isinstance(stored, config_class) else None
        self.copy_source = copied_from
        self.kept: list[str] = []  # the secrets that were not entered now; known once the form is valid
        super().__init__(data, files, initial=self._initial(suffix))
        for name, info in config_class.fields().items():
            self.fields[name] = self._field(name, info)
            if info.annotation is SecretStr and extra(info, "multiline"):
                self.fields[name + FILE_SUFFIX] = forms.FileField(
                    label=gettext("%(info)s as a file") % {"info": info.title},
                    required=False,
                    widget=forms.FileInput(attrs={"accept": ".json,application/json", "data-secret": True}),
                )
        if purpose is not Purpose.INPUT:
            self.fields[SUFFIX_FIELD] = forms.CharField(
                label=gettext("Thumbnail suffix"),
                required=False,
                help_text=gettext(
                    "Where thumbnails are written, below the path above. [filename] stands for an image's name"
                    " without its ending, [extension] for its ending. Leave it empty if there are to be none: full"
                    " images are shown instead."
                ),
                widget=forms.TextInput(attrs={"placeholder": DEFAULT_THUMBNAIL_SUFFIX, **_AS_TYPED}),
            )
        for field in self.fields.values():
            field.disabled = read_only

    @property
    def secret_names(self) -> list[str]:
        return self.config_class.secret_fields()

    @property
    def kept_when_empty(self) -> list[str]:
        """What is never shown, so that leaving it empty keeps what is stored."""
        return [*self.secret_names, *self.hidden]

    def rows(self) -> list[dict[str, Any]]:
        """For each visible field: the field, and the words that the template puts around it."""
        ends = self.stored.expiry() if self.stored else None
        return [self._row(cast("MarkedField", field), ends) for field in self.visible_fields()]

    def _row(self, field: MarkedField, ends: Expiry | None) -> dict[str, Any]:
        marked = field.name in self.config_class.fields()
        return {
            "field": field,
            "where": self._where(field),
            "stored": self._stored_words(field.name),
            "mark": Mark(field.mark_id, self.marks.get(field.mark_id, "")) if marked else None,
            "warning": near_end_warning(ends.moment) if ends and ends.field == field.name else "",
            "team_value": self._team_value(field.name),
        }

    def _team_value(self, name: str) -> str:
        """The team's own value for this field, with which the form of a new datasource begins."""
        info = self.config_class.fields().get(name)
        if self.team is None or info is None or name in self.hidden:
            return ""
        return str(getattr(self.team, name)) if extra(info, "from_team") else ""

    def _where(self, field: MarkedField) -> SafeString | None:
        """Where to find the value in one's cloud. Shown only to people who may enter it."""
        info = self.config_class.fields().get(field.name)
        return with_code(extra(info, "where")) if info and not field.field.disabled else None

    @property
    def help_anchor(self) -> str:
        """Where the help page about fields describes this cloud."""
        return provider_of(self.config_class).help_anchor

    @property
    def scheme(self) -> str:
        """Of the provider's paths; empty if they carry none."""
        return self.config_class.scheme

    @property
    def provider_label(self) -> str:
        return provider_of(self.config_class).label

    @property
    def open_names(self) -> list[str]:
        """The provider's fields that are no secret."""
        return open_names(self.config_class)

    def open_values(self) -> dict[str, str]:
        """What stands in those fields now."""
        return {name: str(self[name].value() or "") for name in self.open_names}

    def keep_errors(self, names: Collection[str]) -> None:
        """Show the errors of these fields alone, as the rest of the form is still to be filled in."""
        for name in [name for name in self.errors if name not in names]:
            del self.errors[name]

    def _initial(self, suffix: str) -> dict[str, Any]:
        initial = {
            name: getattr(self.stored, name) if self.stored else self._team_value(name) or _default(info)
            for name, info in self.config_class.fields().items()
            if info.annotation is not SecretStr and name not in self.hidden
        }
        config_type = self.config_class.model_fields["type"].default
        return {**initial, "provider": config_type, "copied_from": self.copy_source, SUFFIX_FIELD: suffix}

    def _field(self, name: str, info: FieldInfo) -> forms.Field:
        example = str(info.examples[0]) if info.examples else ""
        secret = info.annotation is SecretStr
        kept = self.stored is not None and name in self.kept_when_empty
        if kept:
            example = "••••••••"
        required = info.is_required() and not kept
        widget: forms.Widget
        if choices := extra(info, "choices"):
            return forms.ChoiceField(
                label=info.title, help_text=escape(info.description or ""), required=required, choices=choices.items()
            )
        if not secret and extra(info, "multiline"):
            widget = forms.Textarea(attrs={"rows": 3, "placeholder": example, **_AS_TYPED})
        elif not secret:
            widget = forms.TextInput(attrs={"placeholder": example, **_AS_TYPED})
        elif extra(info, "multiline"):
            required = False  # the file may bring it; clean() says if neither does
            widget = SecretTextarea(attrs={"rows": 3, "data-secret": True, "placeholder": example, **_AS_TYPED})
        else:
            attrs = {"autocomplete": "new-password", "data-secret": True, "placeholder": example, **_AS_TYPED}
            widget = forms.PasswordInput(render_value=False, attrs=attrs)
        return forms.CharField(
            label=info.title,
            help_text=escape(info.description or ""),
            required=required,
            widget=widget,
            error_messages={"required": gettext("This is missing. For example: %(example)s") % {"example": example}},
        )

    def _stored_words(self, name: str) -> str:
        if name not in self.kept_when_empty or not self.stored:
            return ""
        if name in self.hidden:
            return gettext("Only members of the team see it. Leave empty to keep it.")
        if self.copy_source:
            return gettext("Taken over from %(copy_source)s. Leave empty to use it.") % {
                "copy_source": self.copy_source.label
            }
        return gettext("Stored encrypted. Leave empty to keep it.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        suffix = data.get(SUFFIX_FIELD, "")
        if problem := problem_of_suffix(suffix, self.purpose):
            self.add_error(SUFFIX_FIELD, problem)
        config = self._checked_config(data)
        if config is not None:
            data["config"] = config
        for name, problem in (self.understood.problems if self.understood else {}).items():
            self.errors.pop(name, None)  # such as that it is missing, after what was pasted there was refused
            self.add_error(name, problem)
        return data

    def _checked_config(self, data: dict[str, Any]) -> CloudConfig | None:
        """The config that the fields give; None after the problems were put beside the fields."""
        values: dict[str, Any] = {}
        keep = self.kept = []
        for name in self.config_class.fields():
            if value := self._uploaded(name) or data.get(name):
                values[name] = value
            elif self.stored and name in self.kept_when_empty:
                keep.append(name)
        try:
            return checked_config(
                self.config_class, values, keep=keep, stored=self.stored, team=self.team, for_guest=self.for_guest
            )
        except InvalidSettingsError as error:
            for name, problem in error.problems.items():
                if name not in self.errors:
                    self.add_error(name, problem)
            return None

    def _uploaded(self, name: str) -> str | None:
        file = self.files.get(name + FILE_SUFFIX)
        if not isinstance(file, UploadedFile):
            return None
        if (file.size or 0) > (most := self.config_class.most_bytes(name)):
            self.add_error(
                name,
                gettext(
                    "This file is too big for a key: at most %(most)s bytes are accepted. Choose the JSON key file of a"
                    " service account."
                )
                % {"most": f"{most:,}"},
            )
            return None
        try:
            return cast("bytes", file.read()).decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error(name, gettext("This file is not text. Choose the JSON key file of a service account."))
            return None


def with_code(text: str) -> SafeString:
    """Plain text as HTML, with what stands in `backticks` as code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if odd % 2 else part,) for odd, part in parts)
    )


# Keys and paths are meant exactly as typed: no phone may capitalise, correct or underline them.
_AS_TYPED = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


def _default(info: FieldInfo) -> str:
    return "" if info.is_required() else str(info.default or "")


def config_class_for(provider: str | None, stored: CloudConfig | None) -> type[CloudConfig]:
    """The class of the provider that is asked for, else of what is stored, else of the first provider."""
    if provider in PROVIDERS:
        return PROVIDERS[provider].config_class
    return type(stored) if stored else next(iter(PROVIDERS.values())).config_class


def open_names(config_class: type[CloudConfig]) -> list[str]:
    """The fields that are no secret, and no whole files. Only these may stand in an address."""
    return [
        name
        for name, info in config_class.fields().items()
        if info.annotation is not SecretStr and not extra(info, "multiline")
    ]
