from django import template

from teams.undo import undo_of

register = template.Library()
register.filter("undo", undo_of)
