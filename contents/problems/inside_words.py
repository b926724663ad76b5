"""What each problem inside a file means for a run, and what to do about it."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from contents.models import InsideProblem
from contents.problems.explained import Explained, Severity

INSIDE = {
    InsideProblem.OTHER_CONTENT: Explained(
        "other-content",
        Severity.ERROR,
        gettext_noop(
            "The name says image or video, but inside is something else: an error page, text, a Git LFS pointer, an"
            " archive, or a format that Lightly does not read. A run drops it as corrupt."
        ),
        gettext_noop("Look at what was found. Upload the real files; for pointers run git lfs pull before you upload."),
    ),
    InsideProblem.WRONG_EXTENSION: Explained(
        "wrong-extension",
        Severity.HINT,
        gettext_noop("The file is of another format than its extension says. Lightly reads it; other tools may not."),
        gettext_noop("Rename it to the extension of its format, and its predictions with it."),
    ),
    InsideProblem.TRUNCATED: Explained(
        "truncated",
        Severity.ERROR,
        gettext_noop("The file ends before its content does, mostly because an upload broke off. A run drops it."),
        gettext_noop("Upload it again from where it is whole."),
    ),
    InsideProblem.CORRUPT: Explained(
        "corrupt",
        Severity.ERROR,
        gettext_noop("The file can't be decoded. A run drops it as corrupt."),
        gettext_noop("Upload it again. If it was broken before, export it anew or delete it."),
    ),
    InsideProblem.TOO_MANY_PIXELS: Explained(
        "too-many-pixels",
        Severity.ERROR,
        gettext_noop("Decoded, it does not fit into memory. It may be meant to do harm (a decompression bomb)."),
        gettext_noop("Scale it down or cut it into tiles. Delete it if nobody knows where it comes from."),
    ),
    InsideProblem.DEEP: Explained(
        "deep",
        Severity.HINT,
        gettext_noop("Most models and tools take 8 bits a channel. How the rest is scaled differs from tool to tool."),
        gettext_noop("Nothing has to be done. Convert it to 8 bits if all tools should see the same."),
    ),
    InsideProblem.CMYK: Explained(
        "cmyk",
        Severity.WARNING,
        gettext_noop("The image is made for print. Tools turn its colours into RGB in different ways."),
        gettext_noop("Convert it to RGB, for example with ImageMagick: magick in.jpg -colorspace sRGB out.jpg"),
    ),
    InsideProblem.ANIMATED: Explained(
        "animated",
        Severity.WARNING,
        gettext_noop("The file has several pictures or pages. As an image, only the first one is used."),
        gettext_noop("Split it into files, or make a video of it if its pictures belong together."),
    ),
    InsideProblem.ALPHA: Explained(
        "alpha",
        Severity.HINT,
        gettext_noop("Parts of the image may be transparent. Tools fill them with black, white, or whatever is below."),
        gettext_noop("Nothing has to be done. Save it without transparency if all tools should see the same."),
    ),
    InsideProblem.ROTATED: Explained(
        "stored-rotated",
        Severity.WARNING,
        gettext_noop(
            "A note in the file turns the picture when people look at it. Decoders for training don't turn it, and"
            " boxes of predictions refer to the pixels as they are stored."
        ),
        gettext_noop("Turn the pixels themselves (exiftran -ai, or jpegtran), before you label or predict."),
    ),
    InsideProblem.NO_VIDEO: Explained(
        "no-pictures",
        Severity.ERROR,
        gettext_noop("The file is a video container with sound alone, or with nothing in it."),
        gettext_noop("Delete it, or upload the recording that has the pictures."),
    ),
    InsideProblem.FRAME_COUNT: Explained(
        "frame-count",
        Severity.WARNING,
        gettext_noop(
            "The header promises another number of frames than can be decoded. Names of frames and predictions are"
            " padded to the true number, so that they may not fit."
        ),
        gettext_noop(
            "Write the container anew: ffmpeg -i in.mp4 -c copy out.mp4. If that does not help, encode it anew."
        ),
    ),
    InsideProblem.VARIABLE_RATE: Explained(
        "variable-rate",
        Severity.HINT,
        gettext_noop("Frames don't follow each other at equal times, so a frame's number can't be told from its time."),
        gettext_noop(
            "Count frames in the order they are decoded, or make the rate constant: ffmpeg -i in.mp4 -fps_mode cfr …"
        ),
    ),
    InsideProblem.SLOW_START: Explained(
        "slow-start",
        Severity.HINT,
        gettext_noop("The table of contents is at the end of the file: players must fetch that before they can begin."),
        gettext_noop(
            "Move it to the front without encoding anew: ffmpeg -i in.mp4 -c copy -movflags +faststart out.mp4"
        ),
    ),
    InsideProblem.UNPLAYABLE: Explained(
        "unplayable",
        Severity.HINT,
        gettext_noop("Runs can read this video, but browsers can't play it: here it is shown as single frames."),
        gettext_noop("Nothing has to be done. To play it in browsers, encode it as H.264 (yuv420p) in an MP4."),
    ),
    InsideProblem.TIMED_OUT: Explained(
        "timed-out",
        Severity.WARNING,
        gettext_noop(
            "Reading the file took more time or memory than one file may take here. A run may be slow with it too."
        ),
        gettext_noop(
            "Cut long videos into parts: ffmpeg -i in.mp4 -c copy -f segment out%03d.mp4. Scale large images down."
        ),
    ),
}
