"""What open pages ask for again and again is answered by a few threads of a web process at a time.

All threads share one processor, and each waits for it after every question to the database. With fifty polls under way
at once they spend much of their time on taking turns: a web process answers twice as many when two are under way. Polls
ask the database alone, so none of them waits long for the others.
"""

import re
import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Of home, of the settings of a dataset, of the bell, of jobs and of runs. None of them talks to a cloud.
POLLS = re.compile(
    r"/datasets/rows/|/datasets/[a-f0-9]{24}/settings/[a-z]+/permissions/|/inbox/bell/|/jobs/[a-f0-9]{24}/progress/"
    r"|/datasets/[a-f0-9]{24}/runs/[a-f0-9]{24}/progress/"
)
AT_ONCE = 2
_turns = threading.BoundedSemaphore(AT_ONCE)


class PollsMiddleware:
    """Outside of all that asks the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not POLLS.fullmatch(request.path):
            return self.get_response(request)
        with _turns:
            return self.get_response(request)
