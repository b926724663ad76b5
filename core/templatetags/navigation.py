from django import template

from core.web.navigation import HELP

register = template.Library()


@register.simple_tag
def help_url(page: str) -> str:
    """The address of a chapter of the help."""
    return HELP.url(page)
