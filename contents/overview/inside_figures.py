"""What is inside the files that were opened, as bars: sizes in pixels, formats, and of videos codecs and durations."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from contents.models import FileKind
from contents.overview.figures import Chart, chart, named, ranked
from contents.reading.totals import SECONDS_ENDS, SIDE_ENDS, ReadTotals


def inside_charts(read: ReadTotals) -> list[Chart]:
    """Those that have anything to show. Each rests on the files that were opened, of the kind it is about."""
    images, videos = (read.kinds.get(str(kind.value), [0, 0])[0] for kind in (FileKind.IMAGE, FileKind.VIDEO))
    made = [
        chart("widths", gettext("By width"), gettext("Width"), named(read.widths, side_name), read.opened),
        chart("heights", gettext("By height"), gettext("Height"), named(read.heights, side_name), read.opened),
        chart("resolutions", gettext("By size in pixels"), gettext("Size"), ranked(read.resolutions), read.opened),
        chart("formats", gettext("By true format"), gettext("Format"), ranked(read.formats), read.opened),
        chart("pixels", gettext("Images by colour mode"), gettext("Mode"), ranked(read.pixels), images),
        chart("codecs", gettext("Videos by codec"), gettext("Codec"), ranked(read.codecs), videos),
        chart(
            "durations", gettext("Videos by duration"), gettext("Duration"), named(read.durations, span_name), videos
        ),
        chart("rates", gettext("Videos by frames a second"), gettext("Frames a second"), ranked(read.rates), videos),
    ]
    return [each for each in made if each.rows]


def side_name(number: str) -> str:
    """Of the class with this number, see SIDE_ENDS."""
    return _class_name(int(number), [f"{end:,}" for end in SIDE_ENDS], gettext("pixels"))


def span_name(number: str) -> str:
    """Of the class with this number, see SECONDS_ENDS."""
    return _class_name(int(number), [_span(seconds) for seconds in SECONDS_ENDS], "")


def _span(seconds: int) -> str:
    if seconds < 60:
        return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    minutes = seconds // 60
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}


def _class_name(place: int, ends: list[str], unit: str) -> str:
    if place == 0:
        words = gettext("under %(size)s") % {"size": ends[0]}
    elif place == len(ends):
        words = gettext("from %(size)s") % {"size": ends[-1]}
    else:
        words = gettext("%(low)s to %(high)s") % {"low": ends[place - 1], "high": ends[place]}
    return f"{words} {unit}".strip()
