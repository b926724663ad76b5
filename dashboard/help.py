"""Help where the question is: docs/ as pages of the dashboard, with a list of contents and a search."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from dashboard import handbook


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All pages with their sections; with ?q=, the sections that have these words."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:200]
    titles = handbook.pages()
    context = {
        "title": gettext("Help"),
        "pages": titles,
        "query": query,
        "found": handbook.search(query),
        "most": handbook.MOST_FOUND,
        "contents": [(name, title, handbook.contents(name)) for name, title in titles.items()],
    }
    return render(request, "dashboard/help_index.html", context)


@require_GET
def page(request: HttpRequest, name: str) -> HttpResponse:
    titles = handbook.pages()
    if name not in titles:
        raise Http404(gettext("There is no help page with this name."))
    context = {
        "name": name,
        "title": titles[name],
        "pages": titles,
        "contents": handbook.contents(name),
        "content": handbook.rendered(name),
    }
    return render(request, "dashboard/help.html", context)
