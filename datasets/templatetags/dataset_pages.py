from typing import Any

from django import template

from datasets import pages
from datasets.models import Dataset

register = template.Library()


@register.simple_tag
def dataset_tabs(dataset: Dataset, current: str) -> list[dict[str, Any]]:
    """The tabs of the dataset's pages, for the template that shows them: title, url, is_current."""
    return [{"title": tab.title, "url": tab.url(dataset), "is_current": tab.key == current} for tab in pages.tabs()]
