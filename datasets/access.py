"""The only door from a person and an id to a dataset. Who may not see it learns nothing of it: 404."""

from collections.abc import Collection, Sequence

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from datasets.models import Dataset, SharedWith
from teams.models import MANAGING_ROLES, Invitation, Membership, Team, User

Person = User | AnonymousUser
# So many ids are named in a question. More are asked for inside of it.
_MOST_NAMED = 500


def datasets_for(user: Person) -> QuerySet[Dataset]:
    """All datasets the person may see: those of their teams, and those shared with them. Each knows what they may."""
    if not user.is_authenticated:
        return Dataset.objects.none()
    member = Membership.objects.filter(team=OuterRef("team"), user=user)
    shared = Exists(_shares_with(user).filter(shared_access__dataset=OuterRef("pk")))
    manages = (Q(owner=user) & Exists(member)) | Exists(member.filter(role__in=MANAGING_ROLES))
    return Dataset.objects.filter(Exists(member) | shared).annotate(
        asker_may_edit=ExpressionWrapper(manages | shared, output_field=BooleanField()),
        asker_may_manage=ExpressionWrapper(manages, output_field=BooleanField()),
        asker_is_member=Exists(member),
    )


def seen_among(user: User, ids: Collection[str]) -> QuerySet[Dataset]:
    """Those of these that the person may see. They don't know what the person may, so the question is a short one."""
    member = Exists(Membership.objects.filter(team=OuterRef("team"), user=user))
    shared = Exists(_shares_with(user).filter(shared_access__dataset=OuterRef("pk")))
    return Dataset.objects.filter(member | shared, pk__in=ids)


def datasets_at_home(user: User, memberships: Sequence[Membership], team: Team) -> QuerySet[Dataset]:
    """Those of one of the person's teams, and those shared with them from outside all of their teams.

    `memberships`: all of theirs, which the caller has at hand. So the database is asked about the datasets alone, and
    finds a page of them in an index, however many there are. One small query comes first.
    """
    teams = [membership.team_id for membership in memberships]
    managed = [membership.team_id for membership in memberships if membership.manages]
    elsewhere = _shares_with(user).exclude(shared_access__dataset__team__in=teams).values("shared_access__dataset")
    some = [row["shared_access__dataset"] for row in elsewhere[: _MOST_NAMED + 1]]
    where = Q(team=team) if team.pk in teams else Q()
    if some or not where:
        where |= Q(pk__in=elsewhere if len(some) > _MOST_NAMED else some)
    is_member, shared = Q(team__in=teams), Exists(_shares_with(user).filter(shared_access__dataset=OuterRef("pk")))
    manages = Q(team__in=managed) | (Q(owner=user) & is_member)
    return Dataset.objects.filter(where).annotate(
        asker_may_edit=ExpressionWrapper(manages | shared, output_field=BooleanField()),
        asker_may_manage=ExpressionWrapper(manages, output_field=BooleanField()),
        asker_is_member=ExpressionWrapper(is_member, output_field=BooleanField()),
    )


def _shares_with(user: User) -> QuerySet[SharedWith]:
    """What the address inherits. One that nobody proved to be the person's own: of teams that let them in themselves.

    Else whoever invites a foreign address into a team of theirs would open what others share with it.
    """
    shares = SharedWith.objects.filter(email=user.email)
    if user.email_is_proven:
        return shares
    own_invitation = Invitation.objects.filter(accepted_by=user, email=user.email)
    return shares.filter(Exists(own_invitation.filter(team=OuterRef("shared_access__dataset__team"))))


def editable_datasets_for(user: Person) -> QuerySet[Dataset]:
    """Those the person may change."""
    return datasets_for(user).filter(Q(asker_may_edit=True))


def own_datasets(user: User) -> QuerySet[Dataset]:
    return datasets_for(user).filter(owner=user)


def datasets_shared_with(user: User) -> QuerySet[Dataset]:
    """Those somebody else shared with this very person."""
    return datasets_for(user).filter(shared_access__people__email=user.email).exclude(owner=user)


def datasets_of_teams(user: User) -> QuerySet[Dataset]:
    return datasets_for(user).filter(Exists(Membership.objects.filter(team=OuterRef("team"), user=user)))


def datasets_in(team: Team) -> QuerySet[Dataset]:
    """All of a team's, for one of its members: every member sees all of them. They don't know what the member may."""
    return Dataset.objects.filter(team=team)


def dataset_for(user: Person, dataset_id: str) -> Dataset:
    """The dataset if the person may see it. Raises Http404."""
    dataset = datasets_for(user).select_related("owner", "team").filter(pk=dataset_id).first()
    if dataset is None:
        raise no_such_dataset()
    return dataset


def no_such_dataset() -> Http404:
    return Http404(gettext("There is no such dataset, or it is not shared with you."))


def editable_dataset_for(user: Person, dataset_id: str) -> Dataset:
    """The dataset if the person may change it. Raises Http404, or PermissionDenied for who may only look."""
    dataset = dataset_for(user, dataset_id)
    if not dataset.may_edit:
        raise PermissionDenied(gettext("Only the dataset's owner and the team's admins may change it."))
    return dataset


def manageable_dataset_for(user: Person, dataset_id: str) -> Dataset:
    """The dataset if the person may delete and share it, which people it is shared with may not.

    Raises Http404 or PermissionDenied.
    """
    dataset = dataset_for(user, dataset_id)
    if not dataset.may_manage:
        raise PermissionDenied(gettext("Only the dataset's owner and the team's admins may delete or share it."))
    return dataset


def manages_everything(user: Person) -> bool:
    """Whether the person answers for all datasets there are: the platform's staff, and who runs all of its teams."""
    return user.is_authenticated and (user.is_staff or not Team.objects.exclude(Exists(_managing(user, "pk"))).exists())


def managed_datasets(user: Person) -> QuerySet[Dataset]:
    """Those of the teams the person owns or administers. Staff answers for more: see manages_everything()."""
    if not user.is_authenticated:
        return Dataset.objects.none()
    return Dataset.objects.filter(Exists(_managing(user, "team")))


def _managing(user: User, team: str) -> QuerySet[Membership]:
    return Membership.objects.filter(team=OuterRef(team), user=user, role__in=MANAGING_ROLES)


def members_who_see(dataset: Dataset) -> QuerySet[User]:
    """The other way round, of the dataset's team alone: those for whom `datasets_of_teams` holds this dataset."""
    return User.objects.filter(Exists(Membership.objects.filter(team=dataset.team_id, user=OuterRef("pk"))))


def managers_of(team: Team) -> QuerySet[User]:
    """Its owners and admins, who answer for all of its datasets."""
    return User.objects.filter(
        Exists(Membership.objects.filter(team=team, user=OuterRef("pk"), role__in=MANAGING_ROLES))
    )
