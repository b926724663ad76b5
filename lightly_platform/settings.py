"""One settings file. Everything an operator can change comes in through env/; docs/deploy.md lists it."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
import kombu
from csp.constants import NONE, SELF

from core.queues import OLD_QUEUE, Queue

# Tasks are declared with shared_task; this import is what gives them their broker, in every process with settings. The
# launcher has none, and does without Celery.
from lightly_platform import celery as celery
from lightly_platform import keys
from lightly_platform.embedded_database import NAME, demand_whole
from lightly_platform.env import BASE_DIR, LOCAL_HOSTS, local_only, public_url, read_environment
from lightly_platform.launcher import embedded_redis

ENVIRONMENT = read_environment()
demand_whole(ENVIRONMENT)

DATA_DIR = ENVIRONMENT.data_dir
DEBUG = ENVIRONMENT.debug
# In the tests' own process only: nobody has run collectstatic there.
TESTING = "pytest" in sys.modules

# --- keys -----------------------------------------------------------------------------------------------------------
SECRET_KEY = ENVIRONMENT.secret_key or keys.secret_key(DATA_DIR)
LIGHTLY_ENCRYPTION_KEYS = ENVIRONMENT.encryption_keys or keys.encryption_keys(DATA_DIR)

# What the first visitor has to know, unless they sit at this machine and nobody else reaches it.
LIGHTLY_SETUP_SECRET = keys.setup_secret(SECRET_KEY)
LIGHTLY_LOCAL_ONLY = local_only(ENVIRONMENT)

# --- pictures of files ------------------------------------------------------------------------------------------------
LIGHTLY_THUMBNAILS_DIR = DATA_DIR / "thumbnails"
LIGHTLY_THUMBNAILS_BYTES = ENVIRONMENT.thumbnail_cache_mb * 1000**2

# --- runs -----------------------------------------------------------------------------------------------------------
LIGHTLY_EMBEDDING_MODEL = ENVIRONMENT.embedding_model
LIGHTLY_MODELS_DIR = DATA_DIR / "models"
LIGHTLY_RUNS_DIR = DATA_DIR / "runs"

# --- checks ---------------------------------------------------------------------------------------------------------
LIGHTLY_CHECK_DEADLINE_SECONDS = ENVIRONMENT.check_deadline_seconds
LIGHTLY_S3_ENDPOINT_URL = ENVIRONMENT.s3_endpoint_url
LIGHTLY_STS_ENDPOINT_URL = ENVIRONMENT.sts_endpoint_url
LIGHTLY_AZURE_ENDPOINT_URL = ENVIRONMENT.azure_endpoint_url
LIGHTLY_GCS_ENDPOINT_URL = ENVIRONMENT.gcs_endpoint_url
LIGHTLY_GCS_TOKEN_URL = ENVIRONMENT.gcs_token_url
LIGHTLY_GCS_CERTS_URL = ENVIRONMENT.gcs_certs_url
LIGHTLY_ALLOWED_PRIVATE_HOSTS = ENVIRONMENT.allowed_private_hosts
LIGHTLY_OBS_HOSTS = ENVIRONMENT.obs_hosts
LIGHTLY_AWS_PRINCIPAL_ARN = ENVIRONMENT.aws_principal_arn

# Two working datasources, for people without a bucket at hand (see docs/deploy.md).
LIGHTLY_SAMPLE_DATA_FILE = ENVIRONMENT.sample_data_file
# --- monitoring -----------------------------------------------------------------------------------------------------
LIGHTLY_METRICS_TOKEN = ENVIRONMENT.metrics_token
LIGHTLY_AUDIT_RETENTION_DAYS = ENVIRONMENT.audit_retention_days
LIGHTLY_ALIVE_FILE = ENVIRONMENT.alive_file
LIGHTLY_TRACES = ENVIRONMENT.traces

# --- apps -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "lightly_platform.apps.AdminPanelConfig",  # django.contrib.admin
    "lightly_platform.apps.PlatformConfig",  # for its commands
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "ninja",
    "core",
    "teams",
    "datasets",
    "jobs",
    "notifications",
    "datasources",
    "contents",
    "samples",
    "runs",
    "monitoring",
    "dashboard",
]

MIDDLEWARE = [
    "core.web.request_ids.RequestIdMiddleware",
    "core.web.headers.BrowserHeadersMiddleware",
    "lightly_platform.errors.DoorMiddleware",
    "lightly_platform.errors.UnkeptAnswersMiddleware",
    "core.web.polls.PollsMiddleware",
    "core.api.places.PlacesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.web.public_address.PublicAddressMiddleware",
    # A page of 25 datasets has 200 kB, mostly bulbs, and 14 kB on the wire. Its answers are padded at random (BREACH).
    "teams.middleware.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "teams.middleware.OriginMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.web.crowd.CrowdMiddleware",
    # The browser's language, if there is a catalogue for it in locale/.
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Before the login wall: on a new installation there is nobody who could sign in yet.
    "teams.middleware.FirstRunMiddleware",
    "teams.middleware.LoginWallMiddleware",
    "teams.middleware.TwoFactorWallMiddleware",
    "teams.middleware.UnkeptPagesMiddleware",
]

if LIGHTLY_TRACES:
    MIDDLEWARE.insert(1, "lightly_platform.traces.requests.TraceMiddleware")  # its spans have the requests' ids

FORM_RENDERER = "core.web.rendering.Renderer"
ROOT_URLCONF = "lightly_platform.urls"
WSGI_APPLICATION = "lightly_platform.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            # Every template speaks to people: {% translate %} and {% blocktranslate %} need no {% load %}.
            "builtins": ["django.templatetags.i18n", "core.templatetags.form_errors"],
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.web.navigation.context",
                "teams.context_processors.teams",
                "notifications.context_processors.unread_notices",
            ],
        },
    },
]

# --- database -------------------------------------------------------------------------------------------------------
_database: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / NAME}
if ENVIRONMENT.database_url:
    _database = dict(dj_database_url.parse(ENVIRONMENT.database_url))
_database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        # Web and worker write at the same time. IMMEDIATE takes the write lock at the start of a transaction, where
        # SQLite waits for it; a lock wanted half-way fails at once instead.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DATABASES = {"default": _database}

# In the database, so that sign-in throttling counts across processes without needing Redis.
CACHES = {
    # Room for more than Django's 300 rows: beyond it some are thrown out, and with them what was counted.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "lightly_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Signs of life of worker and scheduler: in a table of their own, where a flood of sign-ins can't push them out.
    "pulse": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "lightly_pulse"},
    "throttle": {"BACKEND": "core.web.counting.CountingCache", "LOCATION": "lightly_throttle"},
    # Parts of pages that are the same for everybody who may see them. In the memory of each web process: some 6 MB.
    "fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "fragments",
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}

# --- sign-in --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = [
    "teams.backends.PasswordBackend",
    "teams.backends.AllauthBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "teams.sign_in.adapters.AccountAdapter"  # closes sign-up
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {
    "login": "teams.sign_in.forms.SignInForm",
    "reset_password": "teams.sign_in.forms.AskForPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Who changes a password or a second factor that is not theirs is noticed by the person whose it is.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# A second factor: an authenticator app, or a passkey, which serves as a sign-in of its own as well.
MFA_ADAPTER = "teams.sign_in.adapters.MFAAdapter"
MFA_FORMS = {
    "add_webauthn": "teams.sign_in.forms.AddPasskeyForm",
    "edit_webauthn": "teams.sign_in.forms.RenamePasskeyForm",
    "authenticate_webauthn": "teams.sign_in.forms.SecondPasskeyForm",
    "login_webauthn": "teams.sign_in.forms.PasskeySignInForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Lightly Platform"
MFA_TOTP_TOLERANCE = 1  # half a minute of clock drift, as most sites allow
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses come from the owner or an invitation, not from strangers
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ENVIRONMENT.https  # browsers themselves allow it on localhost alone
# Single sign-on. The provider is the operator's own, so its word on an e-mail address is good.
SOCIALACCOUNT_ADAPTER = "teams.sign_in.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
LIGHTLY_OIDC_TRUST_EMAILS = ENVIRONMENT.oidc_trust_emails
if ENVIRONMENT.oidc_server_url:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": ENVIRONMENT.oidc_name,
                "client_id": ENVIRONMENT.oidc_client_id,
                "secret": ENVIRONMENT.oidc_client_secret,
                "settings": {"server_url": ENVIRONMENT.oidc_server_url},
            }
        ],
    }
# Without it every visitor behind the proxy would share one throttle.
ALLAUTH_TRUSTED_PROXY_COUNT = ENVIRONMENT.trusted_proxies

# --- mail and links -------------------------------------------------------------------------------------------------
# Without a mail server everything still works: what would be mailed is in the inbox, and links are shown on screen.
LIGHTLY_SENDS_MAIL = ENVIRONMENT.email_url is not None
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if ENVIRONMENT.email_url:
    _mail = urlsplit(ENVIRONMENT.email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail.hostname or ""
    EMAIL_PORT = _mail.port or {"smtp": 25, "smtp+starttls": 587, "smtps": 465}[_mail.scheme]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+starttls", _mail.scheme == "smtps"
    EMAIL_TIMEOUT = 10
# Where links in mails and webhooks lead: a worker knows no request to tell it.
LIGHTLY_PUBLIC_URL = ENVIRONMENT.public_url or public_url(ENVIRONMENT)
# Links on pages and in answers then begin with it too; else with the Host of the request, one of ALLOWED_HOSTS.
LIGHTLY_PUBLIC_URL_IS_SET = ENVIRONMENT.public_url is not None
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from or f"lightly@{urlsplit(LIGHTLY_PUBLIC_URL).hostname}"
EMAIL_SUBJECT_PREFIX = ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

# --- browser safety -------------------------------------------------------------------------------------------------
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts or LOCAL_HOSTS)
# A proxy may tell us the host without its port, so forms of the address that people open are named here too.
CSRF_TRUSTED_ORIGINS = list(dict.fromkeys([LIGHTLY_PUBLIC_URL, *ENVIRONMENT.csrf_trusted_origins]))
SESSION_COOKIE_NAME = "lightly_session"  # cookies of all ports of a host are shared
X_FRAME_OPTIONS = "DENY"
# Files of ours and nothing else. No page has a script or style inside it, so there are no nonces that could be stolen,
# and no page frames another.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
    },
}
# Asked from inside, where no TLS proxy stands in between.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
if ENVIRONMENT.https:
    # Off by default: the first start is http://127.0.0.1, and a browser remembers HSTS for a year.
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
# W005, W021: neither sub-domains nor browsers' preload lists are ours to decide about.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- language and time ----------------------------------------------------------------------------------------------
# docs/translating.md says how to add a language.
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["core.formats"]  # one way to write dates: 28 Nov 2026, 14:05
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = ENVIRONMENT.static_dir or DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Celery ---------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = ENVIRONMENT.redis_url or embedded_redis.broker_url(DATA_DIR)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A Redis whose disk is full answers with an error (MISCONF). Workers wait until it takes writes again; to end would
# help nobody.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
# However long it takes. By default they end after a hundred attempts, some three quarters of an hour.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A message whose task has not ended by then goes to another worker, so it is far above the longest task. What a
    # killed worker held needs no such wait: the sweeps find it in the database and send it again.
    "visibility_timeout": 3600,
    # A page that queues a check must not hang because Redis does.
    "socket_connect_timeout": 2,
    "socket_timeout": 3,
    "max_retries": 1,
    "interval_start": 0.1,
}
CELERY_TASK_PUBLISH_RETRY = False
# Each kind of work has a queue of its own (core/queues.py). What names none is in no hurry.
CELERY_TASK_DEFAULT_QUEUE = Queue.PATIENT.value
# What a worker takes that is not told its queues; the launcher tells its own, and their pools (launcher/workers.py): a
# pool named here would win over the one on Celery's command line.
CELERY_TASK_QUEUES = [kombu.Queue(name) for name in (Queue.CHECKS.value, Queue.PATIENT.value, OLD_QUEUE)]
# Nobody reads results: what a check found is in the database.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# A check that dies with its worker runs again; running it twice is harmless.
CELERY_TASK_ACKS_LATE = True
# As many messages as slots: the rest waits where any worker may take it.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What leaks in libraries that read images and videos goes when the process does.
CELERY_WORKER_MAX_TASKS_PER_CHILD = 50
# What one process of a prefork pool may take, by the names of Python's resource module: a hostile file ends the
# process that opens it and nothing else.
LIGHTLY_PROCESS_LIMITS = {"RLIMIT_DATA": 2 * 1024**3, "RLIMIT_FSIZE": 2 * 1024**3, "RLIMIT_CORE": 0}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Tasks outside of an app's own tasks module, which Celery finds by itself.
CELERY_IMPORTS = ("teams.invitations.tasks", "teams.audit.tasks")
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # Finds checks that nobody picked up or finished. Late sweeps are dropped, the next one sees the same.
    "sweep": {"task": "datasources.tasks.sweep", "schedule": timedelta(seconds=10), "options": {"expires": 10}},
    # Runs that nobody has given to a worker yet, and workers that have fallen silent.
    "pick_up": {"task": "runs.tasks.pick_up", "schedule": timedelta(seconds=10), "options": {"expires": 10}},
    # The same for jobs: what a worker left behind, and what no worker has been told of.
    "sweep_jobs": {"task": "jobs.tasks.sweep_jobs", "schedule": timedelta(seconds=10), "options": {"expires": 10}},
    **{
        name: {"task": f"datasources.tasks.{name}", "schedule": timedelta(minutes=1), "options": {"expires": 60}}
        for name in ("queue_due_checks", "warn_of_expiry", "send_mails", "deliver_webhooks")
    },
    # Rows of indexes that nobody reads any more.
    "tidy_contents": {
        "task": "contents.tasks.tidy_contents",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    # Every hour and not once a day: an installation that runs by day alone forgets too.
    **{
        name: {"task": f"{room}.tasks.{name}", "schedule": timedelta(hours=1), "options": {"expires": 3600}}
        for room, name in (
            ("datasources", "prune"),
            ("notifications", "prune_notices"),
            ("jobs", "prune_jobs"),
            ("teams.audit", "prune_activity"),
        )
    },
}

# --- logging --------------------------------------------------------------------------------------------------------
LOGGING_CONFIG = "core.logs.configure"
# The cloud SDKs log request bodies, headers or signatures at DEBUG, so they never get below WARNING.
_SDK_LOGGERS = ("azure", "boto3", "botocore", "google", "obs", "requests", "s3transfer", "urllib3")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        # By the words of LIGHTLY_LOG_FORMAT.
        "plain": {
            "class": "core.logs.LineFormatter",
            "format": "{asctime} {levelname} {name} {process:d}: {message}",
            "style": "{",
        },
        "json": {"class": "core.logs.JsonFormatter"},
    },
    "filters": {"brief": {"()": "core.logs.BriefErrors"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": ENVIRONMENT.log_format},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own set-up would print to its own handlers a second time.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # At INFO these report every sweep, six times a minute.
        **{name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")},
        # While Redis takes no messages, it says so for each it could not send, with two stacks.
        "celery.beat": {"level": "WARNING", "filters": ["brief"]},
        **{name: {"level": "WARNING"} for name in _SDK_LOGGERS},
        # It tells of each attempt, with the collector's address. Ours tells once a minute that there were some.
        "opentelemetry": {"level": "CRITICAL"},
        # A SAS is part of every address, and these quote addresses in warnings, such as those of torn headers.
        **{name: {"level": "ERROR"} for name in ("urllib3.connection", "urllib3.connectionpool")},
    },
}
