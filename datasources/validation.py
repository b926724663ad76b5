"""What must not be saved although every field is well-formed. The settings form and the REST API both ask here.

It is no part of a config's own validation, which stored configs pass too: a token that ends must stay readable.
"""

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from clouds import CloudConfig
from clouds.s3.config import S3DelegatedAccessConfig
from teams.models import Team

FOREIGN_EXTERNAL_ID = gettext_noop(
    "This external ID belongs to another team of this platform, whose roles it opens. "
    "Use your own team's and put it into the role's trust policy."
)


def problems_on_save(config: CloudConfig, team: Team) -> dict[str, str]:
    """What is wrong with saving this for a dataset of the team, one sentence per field name."""
    problems = config.unusable(timezone.now())
    if isinstance(config, S3DelegatedAccessConfig) and _is_foreign(config.external_id, team):
        problems["external_id"] = gettext(FOREIGN_EXTERNAL_ID)
    return problems


def _is_foreign(external_id: str, team: Team) -> bool:
    """Else a team could have this platform assume a role that trusts it for another team: the confused deputy.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    # A trust policy may compare without case.
    return Team.objects.filter(external_id__iexact=external_id).exclude(pk=team.pk).exists()
