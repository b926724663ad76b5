import os
import sys

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from clouds import import_sdks
from lightly_platform import traces

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")

# How long a thread that computes may keep the others of its process waiting. By default it is 5 ms, and a page is
# handed the processor some thirty times: beside a few threads that parse long listings it would take a second.
sys.setswitchinterval(0.001)

application = get_wsgi_application()
# These take seconds, which the first person who opens a page or a listing should not have to wait. They are done once,
# before the web processes are forked.
get_resolver().check()
import_sdks()
traces.preload()
