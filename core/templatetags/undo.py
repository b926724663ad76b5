from django import template

from core.web.undo import undo_of

register = template.Library()
register.filter("undo", undo_of)
