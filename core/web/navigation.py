"""What the frame of every page offers: menus that each room fills, and links to pages of rooms above.

A room registers in its AppConfig.ready() what it adds. So no room names the pages of a room above it, and
templates/base.html loops over what there is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import ResolverMatch, reverse
from django.utils.functional import Promise

Text = str | Promise


def always(request: HttpRequest) -> bool:
    return True


def signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)  # a request that is refused early has none
    return user is not None and user.is_authenticated


def on_pages(*names: str) -> Callable[[ResolverMatch], bool]:
    """For Entry.is_current: on the pages of these names, spelled as `reverse()` takes them."""
    return lambda match: match.view_name in names


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a menu.

    `order`: smaller ones come first. `shortcut`: the keys that press it, such as "g d". `badge`: a template that shows
    a number behind the label. `is_shown` sees the request, `is_current` which page was asked for.
    """

    key: str
    label: Text
    url_name: str
    order: int
    icon: str = ""
    shortcut: str = ""
    badge: str = ""
    is_shown: Callable[[HttpRequest], bool] = always
    is_current: Callable[[ResolverMatch], bool] | None = None

    @property
    def url(self) -> str:
        return reverse(self.url_name)

    def marks(self, match: ResolverMatch | None) -> bool:
        """Whether it stands for the page that was asked for; by default for the very one it leads to."""
        if match is None:  # an error page of an address that does not exist
            return False
        return (self.is_current or on_pages(self.url_name))(match)


@dataclass(frozen=True)
class Shown:
    """An entry as a page shows it."""

    entry: Entry
    is_current: bool


class Menu:
    """Entries by key, in their order."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Raises ImproperlyConfigured for a key that another entry has."""
        if self._entries.setdefault(entry.key, entry) != entry:
            raise ImproperlyConfigured(f"Two entries of a menu have the key {entry.key!r}.")

    def remove(self, key: str) -> None:
        self._entries.pop(key, None)

    def shown(self, request: HttpRequest) -> list[Shown]:
        entries = sorted(self._entries.values(), key=lambda entry: (entry.order, entry.key))
        match = request.resolver_match
        return [Shown(entry, entry.marks(match)) for entry in entries if entry.is_shown(request)]


class Link:
    """A page that a lower room leads to and a room above it has, which says where with `leads_to()`."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._url_name = ""

    def leads_to(self, url_name: str) -> None:
        self._url_name = url_name

    @property
    def is_known(self) -> bool:
        """Whether a room has the page. For links that a page can do without."""
        return bool(self._url_name)

    def url(self, *args: Any) -> str:
        """Raises ImproperlyConfigured if no room has the page."""
        if not self._url_name:
            raise ImproperlyConfigured(f"No app has said where the page is that {self.what}.")
        return reverse(self._url_name, args=args)


SIDEBAR = Menu()
ACCOUNT = Menu()
API_TABS = Menu()

HOME = Link("lists the datasets")
HELP = Link("shows one chapter of the help")
CLIENT = Link("shows how scripts use a token")
HEALTH = Link("shows whether all datasources work")
PALETTE = Link("finds datasets, pages and actions by what is typed")


class Navigation:
    """For templates, as `navigation`: each menu is put together when a page first asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def home(self) -> str:
        return HOME.url()

    @property
    def client(self) -> str:
        return CLIENT.url()

    @property
    def health(self) -> str:
        return HEALTH.url()

    @property
    def palette(self) -> str:
        return PALETTE.url()

    @property
    def sidebar(self) -> list[Shown]:
        return SIDEBAR.shown(self._request)

    @property
    def account(self) -> list[Shown]:
        return ACCOUNT.shown(self._request)

    @property
    def api_tabs(self) -> list[Shown]:
        return API_TABS.shown(self._request)


def context(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {"navigation": Navigation(request)}
