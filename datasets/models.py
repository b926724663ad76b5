"""A dataset: a name under which a team keeps its images or videos."""

import re
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.ids import HexIdModel
from teams.models import Team, User

# The official client checks names with the same pattern, also when it lists: one odd name would break every listing.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 _-]+")
SHORTEST_NAME = 3
LONGEST_NAME = 255


def validate_name(name: str) -> None:
    if len(name) < SHORTEST_NAME:
        raise ValidationError(
            gettext("The name needs at least %(shortest_name)s characters. For example: street-scenes-2026")
            % {"shortest_name": SHORTEST_NAME}
        )
    if not NAME.fullmatch(name):
        raise ValidationError(
            gettext(
                "Letters, digits, spaces, _ and - only, starting with a letter or digit. "
                "For example: street-scenes-2026"
            )
        )


class DatasetType(models.TextChoices):
    IMAGES = "Images", _("Images")
    VIDEOS = "Videos", _("Videos")
    CROPS = "Crops", _("Crops")


class Dataset(HexIdModel):
    name = models.CharField(max_length=LONGEST_NAME, validators=[validate_name])
    type = models.CharField(max_length=16, choices=DatasetType.choices, default=DatasetType.IMAGES)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="datasets")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="datasets")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)
    # Kept for the official client, which reads them back.
    img_type = models.CharField(max_length=16, default="full", editable=False)
    parent_dataset_id = models.CharField(max_length=24, blank=True, editable=False)
    # Up to which moment (Unix seconds) the client has processed the raw samples; 0 = nothing yet.
    processed_until = models.BigIntegerField(default=0, editable=False)
    # What runs selected: so many samples, and their bytes. Written by the app that keeps them.
    sample_count = models.PositiveIntegerField(default=0, editable=False)
    sample_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    # Read URLs of this server carry it: counting it up ends all that were given out.
    read_url_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="dataset_name_unique_per_owner",
                violation_error_message=_("You have a dataset of this name already."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["team", "-modified_at"]),
            models.Index(fields=["team", "name"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_edit(self) -> bool:
        """Whether the person for whom access.py fetched this may change it."""
        answer: bool = vars(self)["asker_may_edit"]
        return answer

    @property
    def may_manage(self) -> bool:
        """Whether that person may also delete and share it."""
        answer: bool = vars(self)["asker_may_manage"]
        return answer

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether that person sees it only because somebody of another team shares it with them."""
        return not vars(self)["asker_is_member"]

    @property
    def hides_from_guest(self) -> bool:
        """Whether what only the team's members may see is hidden. Not where nobody in particular asks, as in checks."""
        return vars(self).get("asker_is_member") is False


class SharedAccess(HexIdModel):
    """The list of people outside the team who may work on a dataset. One per dataset, replaced as a whole."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="shared_access")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"sharing of {self.dataset_id}"


class SharedWith(models.Model):
    """One address of the list. Until somebody with this address exists, it is pending."""

    shared_access = models.ForeignKey(SharedAccess, on_delete=models.CASCADE, related_name="people")
    email = models.EmailField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shared_access", "email"], name="shared_once_per_address"),
        ]
        indexes: ClassVar = [models.Index(fields=["email"])]

    def __str__(self) -> str:
        return self.email
