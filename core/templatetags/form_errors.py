"""What templates ask about a form that was refused."""

from django import forms, template
from django.core.exceptions import NON_FIELD_ERRORS

register = template.Library()


@register.filter
def wrong_fields(form: forms.BaseForm) -> int:
    """How many of its fields are wrong, apart from what is wrong with the form as a whole."""
    return len([name for name in form.errors if name != NON_FIELD_ERRORS])
