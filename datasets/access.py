"""The only door from a person and an id to a dataset. Who may not see it learns nothing of it: 404."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.http import Http404

from datasets.models import Dataset
from teams.models import Role, User

Person = User | AnonymousUser


def datasets_for(user: Person) -> QuerySet[Dataset]:
    """All datasets the person may see: those of their teams. Each with `may_edit`."""
    if not user.is_authenticated:
        return Dataset.objects.none()
    edits = Q(owner=user) | Q(team__memberships__role__in=[Role.OWNER, Role.ADMIN])
    return Dataset.objects.filter(team__memberships__user=user).annotate(
        asker_may_edit=Case(When(edits, then=Value(True)), default=Value(False), output_field=BooleanField())
    )


def dataset_for(user: Person, dataset_id: str) -> Dataset:
    """The dataset if the person may see it. Raises Http404."""
    dataset = datasets_for(user).select_related("owner", "team").filter(pk=dataset_id).first()
    if dataset is None:
        raise Http404("There is no such dataset, or it is not shared with you.")
    return dataset


def editable_dataset_for(user: Person, dataset_id: str) -> Dataset:
    """The dataset if the person may change it. Raises Http404, or PermissionDenied for who may only look."""
    dataset = dataset_for(user, dataset_id)
    if not dataset.may_edit:
        raise PermissionDenied("Only the dataset's owner and the team's admins may change it.")
    return dataset
