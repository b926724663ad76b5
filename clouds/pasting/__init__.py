"""Understands what people paste: console URLs, object URLs, ARNs, connection strings, blocks of keys, key files.

Pure text: no call, no SDK, no Django. What is common to all clouds is here; each cloud adds the forms it knows by its
`Provider.recognise`.
"""

from clouds.pasting.clutter import MOST_CHARACTERS, cleaned, clutter_of
from clouds.pasting.pasted import Pasted
from clouds.pasting.reading import Candidate, Reading, Recogniser, Refusal, read

__all__ = [
    "MOST_CHARACTERS",
    "Candidate",
    "Pasted",
    "Reading",
    "Recogniser",
    "Refusal",
    "cleaned",
    "clutter_of",
    "read",
]
