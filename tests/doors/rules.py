"""Who may open each page, and who may send something to it. A page that is not named here fails test_pages.py."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple


class Access(Enum):
    NONE = auto()
    """Nobody: there is no such method (405)."""
    ABSENT = auto()
    """Nobody: not there in this installation (404)."""
    PUBLIC = auto()
    """Whoever comes, signed in or not."""
    SIGNED_IN = auto()
    """Everybody with an account. Like all below, it sends others to the sign-in."""
    OWN = auto()
    """The person whose it is. For all others it is not there (404)."""
    SEES = auto()
    """Members of the dataset's team, and those with whom it is shared. Others: 404."""
    EDITS = auto()
    """The dataset's owner, owners and admins of its team, and guests. Other members: 403."""
    EDITS_AS_MEMBER = auto()
    """As EDITS, without guests: 403."""
    MANAGES = auto()
    """The dataset's owner, owners and admins of its team. Other members and guests: 403."""
    INVITES = auto()
    """Owners and admins of the dataset's team. Other members and guests: 403."""
    IN_TEAM = auto()
    """Members. Others: 404."""
    MANAGES_TEAM = auto()
    """Owners and admins. Other members: 403, others: 404."""
    OWNS_TEAM = auto()
    """Owners. For all others there is nothing (404)."""
    WATCHES_JOB = auto()
    """Of a job about a team: owners and admins, who asked for it, and staff. Others: 404."""
    WATCHES_ANY = auto()
    """Owners and admins of any team, and staff. Others: 403."""
    STAFF = auto()
    """Others are led to the panel's sign-in. What staff may do there: tests/lightly_platform/test_admin_site.py."""
    STAFF_SIGN_IN = auto()
    """Leads nobody to the sign-in, staff to the panel. Others: 403."""


class Rule(NamedTuple):
    get: Access
    post: Access


NONE, ABSENT, PUBLIC, SIGNED_IN, OWN = Access.NONE, Access.ABSENT, Access.PUBLIC, Access.SIGNED_IN, Access.OWN
SEES, EDITS, MANAGES = Access.SEES, Access.EDITS, Access.MANAGES
IN_TEAM, MANAGES_TEAM, WATCHES_ANY = Access.IN_TEAM, Access.MANAGES_TEAM, Access.WATCHES_ANY

PAGES: dict[str, Rule] = {
    "home": Rule(SIGNED_IN, NONE),
    "help": Rule(SIGNED_IN, NONE),
    "help_page": Rule(SIGNED_IN, NONE),
    "dashboard:api_page": Rule(SIGNED_IN, NONE),
    "dashboard:check_shown": Rule(NONE, SIGNED_IN),
    "dashboard:dismiss_first_steps": Rule(NONE, SIGNED_IN),
    "dashboard:first_steps": Rule(SIGNED_IN, NONE),
    "dashboard:palette": Rule(SIGNED_IN, NONE),
    "dashboard:open_rows": Rule(SIGNED_IN, NONE),
    "dashboard:row": Rule(SEES, NONE),
    "dashboard:sample_data": Rule(NONE, ABSENT),  # no sample data is configured
    "datasets:create": Rule(SIGNED_IN, SIGNED_IN),
    "datasets:overview": Rule(SEES, NONE),
    "datasets:sharing": Rule(SEES, MANAGES),
    "datasets:stop_sharing": Rule(NONE, MANAGES),
    "datasets:invite_guest": Rule(NONE, Access.INVITES),
    "datasets:remove_member": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "datasets:leave_team": Rule(IN_TEAM, IN_TEAM),
    "datasets:delete_service_account": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "datasources:access": Rule(NONE, SEES),  # changes nothing
    "datasources:check_again": Rule(NONE, EDITS),
    "datasources:cors": Rule(SEES, NONE),
    "datasources:dataset": Rule(SEES, EDITS),
    "datasources:history": Rule(SEES, NONE),
    "datasources:overview": Rule(SEES, NONE),
    "datasources:permissions": Rule(SEES, SEES),
    "datasources:settings": Rule(SEES, EDITS),
    "datasources:wait": Rule(NONE, EDITS),
    "datasources:wizard": Rule(EDITS, EDITS),
    "datasources:grant_links": Rule(Access.EDITS_AS_MEMBER, Access.EDITS_AS_MEMBER),
    "datasources:revoke_grant_link": Rule(NONE, Access.EDITS_AS_MEMBER),
    "datasources:grant_link": Rule(PUBLIC, NONE),  # the token in the address counts
    "datasources:grant_link_bulbs": Rule(PUBLIC, NONE),
    "datasources:grant_link_check": Rule(NONE, PUBLIC),
    "datasources:interval": Rule(NONE, MANAGES_TEAM),
    "contents:contents": Rule(SEES, NONE),
    "contents:progress": Rule(SEES, NONE),
    "contents:start": Rule(NONE, EDITS),
    "contents:reading": Rule(SEES, NONE),
    "contents:read-sample": Rule(NONE, EDITS),
    "contents:read-all": Rule(EDITS, EDITS),
    "contents:pause": Rule(NONE, EDITS),
    "contents:outputs": Rule(SEES, NONE),
    "contents:thumbnails": Rule(SEES, NONE),
    "contents:write-thumbnails": Rule(EDITS, EDITS),
    "contents:frames": Rule(SEES, NONE),
    "contents:write-frames": Rule(NONE, EDITS),
    "contents:frame": Rule(SEES, NONE),
    "contents:frame-picture": Rule(SEES, NONE),
    "contents:frame-list": Rule(SEES, NONE),
    "contents:frame-csv": Rule(SEES, NONE),
    "contents:search": Rule(SEES, NONE),
    "contents:files": Rule(SEES, NONE),
    "contents:export": Rule(SEES, NONE),
    "contents:annotations": Rule(SEES, NONE),
    "contents:annotations_progress": Rule(SEES, NONE),
    "contents:check_annotations": Rule(NONE, EDITS),
    "contents:annotation_findings": Rule(SEES, NONE),
    "contents:export_annotation_findings": Rule(SEES, NONE),
    "contents:relevant": Rule(SEES, EDITS),
    "contents:relevant_progress": Rule(SEES, NONE),
    "contents:download_relevant": Rule(ABSENT, NONE),  # nobody has tested a file there
    "contents:save_relevant": Rule(NONE, EDITS),
    "contents:indexing": Rule(NONE, MANAGES_TEAM),
    "samples:samples": Rule(SEES, NONE),
    "samples:plot": Rule(ABSENT, NONE),  # no embedding has a picture there
    "samples:create": Rule(EDITS, EDITS),
    "samples:tag": Rule(SEES, NONE),
    "samples:rename": Rule(EDITS, EDITS),
    "samples:delete": Rule(EDITS, EDITS),
    "samples:export": Rule(SEES, NONE),
    "samples:sample": Rule(SEES, NONE),
    "samples:original": Rule(SEES, NONE),
    "samples:picture": Rule(SEES, NONE),
    "samples:tile": Rule(SEES, NONE),
    "runs:runs": Rule(SIGNED_IN, NONE),
    "runs:list": Rule(SIGNED_IN, NONE),
    "runs:dataset": Rule(SEES, NONE),
    "runs:dataset_list": Rule(SEES, NONE),
    "runs:new": Rule(EDITS, EDITS),
    "runs:permissions": Rule(EDITS, NONE),
    "runs:compare": Rule(SEES, NONE),
    "runs:scheduled": Rule(SEES, NONE),
    "runs:waiting": Rule(SEES, NONE),
    "runs:cancel": Rule(EDITS, EDITS),
    "runs:run": Rule(SEES, NONE),
    "runs:progress": Rule(SEES, NONE),
    "runs:abort": Rule(EDITS, EDITS),
    "runs:picks": Rule(SEES, NONE),
    "runs:artifact": Rule(SEES, NONE),
    "jobs:jobs": Rule(SIGNED_IN, NONE),
    "jobs:list": Rule(SIGNED_IN, NONE),
    "jobs:job": Rule(Access.WATCHES_JOB, NONE),
    "jobs:progress": Rule(Access.WATCHES_JOB, NONE),
    "jobs:cancel": Rule(Access.WATCHES_JOB, Access.WATCHES_JOB),
    "monitoring:health": Rule(WATCHES_ANY, NONE),
    "monitoring:health_export": Rule(WATCHES_ANY, NONE),
    "monitoring:health_print": Rule(WATCHES_ANY, NONE),
    "monitoring:health_summary": Rule(WATCHES_ANY, NONE),
    "monitoring:check_all": Rule(NONE, WATCHES_ANY),
    "monitoring:healthz": Rule(PUBLIC, NONE),
    "monitoring:readyz": Rule(PUBLIC, NONE),
    "monitoring:metrics": Rule(ABSENT, NONE),  # without LIGHTLY_METRICS_TOKEN
    "notifications:bell": Rule(SIGNED_IN, NONE),
    "notifications:inbox": Rule(SIGNED_IN, NONE),
    "notifications:read_all": Rule(NONE, SIGNED_IN),
    "notifications:read_notice": Rule(NONE, OWN),
    "notifications:notification_settings": Rule(SIGNED_IN, SIGNED_IN),
    "notifications:deliveries": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "notifications:webhook": Rule(NONE, MANAGES_TEAM),
    "notifications:webhook_delete": Rule(NONE, MANAGES_TEAM),
    "notifications:webhook_secret": Rule(NONE, MANAGES_TEAM),
    "notifications:webhook_test": Rule(NONE, MANAGES_TEAM),
    "contents:gallery": Rule(SEES, NONE),
    "contents:cover": Rule(SEES, NONE),
    "contents:file": Rule(SEES, NONE),
    "contents:original": Rule(SEES, NONE),
    "contents:read_url": Rule(SEES, NONE),
    "contents:overlay": Rule(SEES, NONE),
    "contents:filmstrip": Rule(SEES, NONE),
    "contents:still": Rule(SEES, NONE),
    "contents:picture": Rule(SEES, NONE),
    "contents:tile": Rule(SEES, NONE),
    "teams:welcome": Rule(PUBLIC, PUBLIC),  # leads on as soon as anybody exists
    "teams:tokens": Rule(SIGNED_IN, SIGNED_IN),
    "teams:revoke_token": Rule(OWN, OWN),
    "teams:mine": Rule(SIGNED_IN, NONE),
    "teams:create": Rule(SIGNED_IN, SIGNED_IN),
    "teams:switch": Rule(NONE, IN_TEAM),
    "teams:people": Rule(IN_TEAM, NONE),
    "teams:change_role": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "teams:activity": Rule(MANAGES_TEAM, NONE),
    "teams:activity_export": Rule(MANAGES_TEAM, NONE),
    "teams:settings": Rule(IN_TEAM, MANAGES_TEAM),
    "teams:delete": Rule(Access.OWNS_TEAM, Access.OWNS_TEAM),
    "teams:invite": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "teams:renew_invitation": Rule(NONE, MANAGES_TEAM),
    "teams:revoke_invitation": Rule(NONE, MANAGES_TEAM),
    "teams:service_accounts": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "teams:new_account_token": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "teams:reset_account_token": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "teams:revoke_account_token": Rule(MANAGES_TEAM, MANAGES_TEAM),
    "teams:invitation": Rule(PUBLIC, PUBLIC),  # the token in the address counts
    "teams:my_invitations": Rule(SIGNED_IN, NONE),
    "teams:join": Rule(ABSENT, ABSENT),  # without a mail server
    "api:api-root": Rule(ABSENT, ABSENT),
    "api:openapi-json": Rule(PUBLIC, PUBLIC),
    "api:openapi-view": Rule(PUBLIC, PUBLIC),
    "admin:login": Rule(Access.STAFF_SIGN_IN, Access.STAFF_SIGN_IN),
    "^v1/": Rule(ABSENT, ABSENT),
}
# The sign-in, mostly of django-allauth. Single sign-on is not configured. The passkey is somebody else's.
PAGES |= {
    "account_login": Rule(PUBLIC, PUBLIC),
    "account_logout": Rule(PUBLIC, PUBLIC),
    "account_signup": Rule(PUBLIC, PUBLIC),  # says that it is closed
    "account_inactive": Rule(PUBLIC, NONE),
    "account_email_verification_sent": Rule(PUBLIC, NONE),
    "account_confirm_email": Rule(PUBLIC, ABSENT),  # the key in the address counts
    "account_confirm_login_code": Rule(PUBLIC, PUBLIC),
    "account_reset_password": Rule(PUBLIC, PUBLIC),
    "account_reset_password_done": Rule(PUBLIC, NONE),
    "account_reset_password_from_key": Rule(PUBLIC, PUBLIC),  # so it does here
    "account_reset_password_from_key_done": Rule(PUBLIC, NONE),
    "account_reauthenticate": Rule(SIGNED_IN, SIGNED_IN),
    "account_change_password": Rule(SIGNED_IN, SIGNED_IN),
    "account_set_password": Rule(SIGNED_IN, SIGNED_IN),
    "accounts/email/": Rule(ABSENT, ABSENT),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": Rule(ABSENT, ABSENT),
    "accounts/oidc/<slug:provider_id>/login/": Rule(ABSENT, ABSENT),
    "accounts/oidc/<slug:provider_id>/login/callback/": Rule(ABSENT, ABSENT),
    "openid_connect_login": Rule(ABSENT, ABSENT),
    "openid_connect_callback": Rule(ABSENT, ABSENT),
    "mfa_index": Rule(SIGNED_IN, NONE),
    "mfa_authenticate": Rule(PUBLIC, PUBLIC),  # between the password and the second factor
    "mfa_login_webauthn": Rule(PUBLIC, PUBLIC),
    "mfa_reauthenticate": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_reauthenticate_webauthn": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_activate_totp": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_deactivate_totp": Rule(ABSENT, ABSENT),  # who has none
    "mfa_list_webauthn": Rule(SIGNED_IN, NONE),
    "mfa_add_webauthn": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_edit_webauthn": Rule(ABSENT, ABSENT),
    "mfa_view_recovery_codes": Rule(ABSENT, NONE),  # who has none
    "mfa_generate_recovery_codes": Rule(SIGNED_IN, SIGNED_IN),
    "mfa_download_recovery_codes": Rule(ABSENT, ABSENT),
    "socialaccount_connections": Rule(SIGNED_IN, SIGNED_IN),
    "socialaccount_signup": Rule(PUBLIC, PUBLIC),
    "socialaccount_login_cancelled": Rule(PUBLIC, NONE),
    "socialaccount_login_error": Rule(SIGNED_IN, NONE),
    "accounts/social/connections/": Rule(SIGNED_IN, SIGNED_IN),  # old addresses, which lead to the new ones
    "accounts/social/login/cancelled/": Rule(SIGNED_IN, SIGNED_IN),
    "accounts/social/login/error/": Rule(SIGNED_IN, SIGNED_IN),
    "accounts/social/signup/": Rule(SIGNED_IN, SIGNED_IN),
}
# What is not there, or has no such method, is said without a sign-in before it.
OPEN = {name for name, rule in PAGES.items() if Access.PUBLIC in rule}
OPEN |= {"monitoring:metrics", "teams:join", "api:api-root", "^v1/", "openid_connect_login", "openid_connect_callback"}
OPEN |= {"accounts/oidc/<slug:provider_id>/login/", "accounts/oidc/<slug:provider_id>/login/callback/"}
ADMIN_PANEL = re.compile("^admin[:/]")


def rule_of(name: str) -> Rule | None:
    if ADMIN_PANEL.match(name):
        return PAGES.get(name, Rule(Access.STAFF, Access.STAFF))
    return PAGES.get(name)
