import os
import sys

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from lightly_platform import traces
from lightly_platform.launcher import loading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")

# How long a thread that computes may keep the others of its process waiting. By default it is 5 ms, and a page is
# handed the processor some thirty times: beside a few threads that parse long listings it would take a second.
sys.setswitchinterval(0.001)

with loading.for_good():
    application = get_wsgi_application()
    # This takes seconds, which the first person who opens a page should not have to wait. It is done once, before the
    # web processes are forked. The clouds' libraries are left to workers: most web processes never need one, and the
    # first listing or URL of a cloud loads its own.
    get_resolver().check()
    traces.preload()
