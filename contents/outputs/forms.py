from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contents.frames.numbers import MOST_NUMBER, MOST_TEXT, WrongNumbersError, read_numbers
from contents.frames.parts import FORMATS, Choice
from core.web.rendering import MOST_CHARACTERS

MOST_VIDEOS = 5_000


class FramesForm(forms.Form):
    """Which frames of which videos. `choice` once it is valid."""

    videos = forms.CharField(
        label=_("Videos"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("Names as the gallery shows them, one in a line. Leave it empty for all videos."),
    )
    every = forms.IntegerField(
        label=_("Every n-th frame"),
        required=False,
        min_value=1,
        max_value=MOST_NUMBER,
        help_text=_("25 takes the frames 0, 25, 50 and so on. Or choose numbers below."),
    )
    numbers = forms.CharField(
        label=_("Numbers of frames"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("Counted from 0, with ranges: 0, 25, 100-200. In as many lines as you like."),
    )
    numbers_file = forms.FileField(
        label=_("Numbers of frames as a text file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".txt,.csv,text/plain"}),
    )
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[("png", _("PNG, without loss")), ("jpg", _("JPEG, about a tenth of the size"))],
        required=False,
        error_messages={"invalid_choice": _("This is not one of the choices.")},
    )
    choice: Choice

    def clean_videos(self) -> tuple[str, ...]:
        """Names may have blanks at their edges, so lines stay as they are."""
        names = [line for line in str(self.cleaned_data["videos"]).splitlines() if line.strip()]
        if len(names) > MOST_VIDEOS:
            most = gettext("At most %(most)s videos by name. Leave it empty for all.") % {"most": f"{MOST_VIDEOS:,}"}
            raise forms.ValidationError(most)
        return tuple(dict.fromkeys(names))

    def clean_numbers_file(self) -> str:
        upload = self.cleaned_data["numbers_file"]
        if upload is None:
            return ""
        if upload.size > MOST_TEXT:
            raise forms.ValidationError(
                gettext("This file is too large: at most %(most)s bytes.") % {"most": f"{MOST_TEXT:,}"}
            )
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(gettext("This is no text file in UTF-8.")) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        field = "numbers_file" if data["numbers_file"] else "numbers"
        text = data["numbers_file"] or data["numbers"]
        try:
            ranges = read_numbers(text)
        except WrongNumbersError as error:
            self.add_error(field, str(error))
            return data
        every = data["every"] or 0
        if bool(every) == bool(ranges):
            self.add_error("every", gettext("Choose either every n-th frame or numbers, and not both."))
            return data
        self.choice = Choice(every, ranges, data["videos"], data["format"] or FORMATS[0])
        return data
