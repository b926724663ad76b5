from core.web.requests import HtmxRequest
from teams.models import User


class PageRequest(HtmxRequest):
    """A request as pages get it: behind the login wall and the htmx middleware. For type checkers only."""

    user: User
