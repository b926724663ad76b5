"""What a team wants to happen by itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.models import Team


class Depth(models.TextChoices):
    """What happens by itself once an Input datasource is green for the first time."""

    NEVER = "NEVER", _("Nothing: people start it")
    LISTING = "LISTING", _("List all names, sizes and dates; no file is read")
    SAMPLE = "SAMPLE", _("List them, then open a sample of the images and videos")


SAMPLE_FILES = 200
MOST_SAMPLE_FILES = 10_000


class TeamIndexing(models.Model):
    """What a team has chosen. Teams without a row have the default. `sample`: how many files a sample has."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, primary_key=True, related_name="+")
    depth = models.CharField(max_length=16, choices=Depth.choices, default=Depth.LISTING)
    sample = models.PositiveIntegerField(default=SAMPLE_FILES)

    def __str__(self) -> str:
        return f"{self.team_id}: {self.depth}"
