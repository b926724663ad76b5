"""How forms are shown: as Django does, but a value that is far too long is not sent back to whoever sent it."""

from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates

# The longest value that any form accepts: a list of people to invite.
MOST_CHARACTERS = 40_000


class LimitedBoundField(forms.BoundField):
    """What is too long for every form is told so, and the field is shown empty: a page is no place for megabytes."""

    def value(self) -> Any:
        value = super().value()
        return "" if isinstance(value, str) and len(value) > MOST_CHARACTERS else value


class Renderer(DjangoTemplates):
    bound_field_class = LimitedBoundField
