"""What whoever has a link sees, without an account: the page, its bulbs as they change, and Check again.

The token in the address is all that counts here. No cookie does, so a form needs no CSRF token, and none could be asked
for: without a Referer, which would carry the token elsewhere, browsers send `Origin: null`.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from core.web import throttle
from datasources.grant_links import addresses
from datasources.grant_links import services as grant_links
from datasources.grant_links.shown import ShownGrant
from datasources.models import GrantLink

# Of one link at one address. A page asks once a second while a check runs, so two may be open and be reloaded.
MOST_REQUESTS_A_MINUTE = 240
MOST_WRONG_TOKENS_A_MINUTE = 30

_View = Callable[[HttpRequest, GrantLink], HttpResponse]


def _for_who_has_a_link(view: _View) -> Callable[[HttpRequest], HttpResponse]:
    """The view gets the link. Whatever is wrong with a token, the answer is the same."""

    @wraps(view)
    def with_link(request: HttpRequest) -> HttpResponse:
        return _kept_to_itself(_answer(request, view))

    return with_link


def _answer(request: HttpRequest, view: _View) -> HttpResponse:
    # The link first: who has one is not kept out by what others behind the same address do.
    link = grant_links.link_of(request.GET.get("token", ""))
    visitor = throttle.address_of(request)
    asked = f"{link.pk}:{visitor}" if link else f"wrong:{visitor}"
    most = MOST_REQUESTS_A_MINUTE if link else MOST_WRONG_TOKENS_A_MINUTE
    if throttle.count(f"throttle:grant-link:{asked}") > most:
        return render(request, "datasources/grant_links/too_many.html", status=429)
    if link:
        return view(request, link)
    answer = render(request, "datasources/grant_links/ended.html", status=404)
    answer["HX-Refresh"] = "true"  # a page that is open when its link ends shows this one in its place
    return answer


def _kept_to_itself(answer: HttpResponse) -> HttpResponse:
    """No cache keeps the page, no search engine lists it, and no other site learns its address."""
    add_never_cache_headers(answer)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


@login_not_required
@require_GET
@_for_who_has_a_link
def grant(request: HttpRequest, link: GrantLink) -> HttpResponse:
    grant_links.opened(link)
    return _page(request, link)


@login_not_required
@require_GET
@_for_who_has_a_link
def bulbs(request: HttpRequest, link: GrantLink) -> HttpResponse:
    """What changed since the page was shown: nothing (204), the bulbs, or the bulbs and what to grant."""
    shown = ShownGrant(link)
    if request.GET.get("bulbs") == shown.stamp:
        return HttpResponse(status=204)
    return _part(request, shown)


@csrf_exempt
@login_not_required
@require_POST
@_for_who_has_a_link
def check_again(request: HttpRequest, link: GrantLink) -> HttpResponse:
    is_htmx = "HX-Request" in request.headers
    refused = ""
    # Also of several links to one datasource: it is the same cloud that is asked.
    if not throttle.allow(request, "grant-link-check", link.datasource_id):
        refused = gettext("It was checked a moment ago. Wait a minute, then check again.")
    elif not grant_links.check_again(link):
        refused = gettext("This link has been used for as many checks as it may. Ask %(who)s to check again.") % {
            "who": link.made_by.email
        }
    if refused:
        return _part(request, ShownGrant(link), refused) if is_htmx else _page(request, link, refused)
    if not is_htmx:
        return redirect(addresses.path_of(link))
    found = grant_links.link_of(addresses.token_of(link))  # with the new check
    return _part(request, ShownGrant(found or link))


def _page(request: HttpRequest, link: GrantLink, refused: str = "") -> HttpResponse:
    shown = ShownGrant(link)
    context = _context(shown, refused, shown.grant_stamp)
    return render(request, "datasources/grant_links/grant.html", context, status=429 if refused else 200)


def _part(request: HttpRequest, shown: ShownGrant, refused: str = "") -> HttpResponse:
    """The bulbs, and what to grant if that is other than what is on the page. While a check runs that stays."""
    on_page = request.GET.get("grant", "")
    is_new = not shown.status.is_open and on_page != shown.grant_stamp
    context = _context(shown, refused, shown.grant_stamp if is_new else on_page) | {"is_part": True}
    html = render_to_string("datasources/grant_links/_bulbs.html", context, request)
    if is_new:
        html += render_to_string("datasources/grant_links/_grant.html", context, request)
    return HttpResponse(html)


def _context(shown: ShownGrant, refused: str, grant_stamp: str) -> dict[str, object]:
    token = addresses.token_of(shown.link)
    return {"shown": shown, "token": token, "refused": refused, "grant_stamp": grant_stamp}
