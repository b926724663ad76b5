"""Dialogs that a room above has, because datasets change hands in them."""

from core.web.navigation import Link

REMOVE_MEMBER = Link("takes somebody out of a team")
LEAVE_TEAM = Link("lets somebody leave a team")
DELETE_SERVICE_ACCOUNT = Link("deletes a service account")
