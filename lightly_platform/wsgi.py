import os

from django.core.wsgi import get_wsgi_application

from clouds import import_sdks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")

application = get_wsgi_application()
# It takes seconds, which the first person who opens a listing should not have to wait.
import_sdks()
