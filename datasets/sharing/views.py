"""The card "Sharing": a part of a dataset's settings, and a page of its own."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget

from core.web.navigation import HOME
from datasets import services
from datasets.access import dataset_for, manageable_dataset_for
from datasets.handover.forms import ShareForm
from datasets.models import Dataset
from datasets.sharing.queries import shared_people
from teams import roles
from teams.access import managing_membership_for
from teams.invitations import services as invitations
from teams.invitations.views import invited
from teams.models import Membership
from teams.requests import PageRequest


def sharing(request: PageRequest, dataset_id: str) -> HttpResponse:
    """POST adds people, whether they have an account yet or not."""
    if request.method != "POST":
        return _render(request, dataset_for(request.user, dataset_id))
    dataset = manageable_dataset_for(request.user, dataset_id)
    form = ShareForm(request.POST)
    if form.is_valid():
        try:
            services.share_dataset_with(dataset=dataset, emails=form.cleaned_data["emails"])
        except ValidationError as error:
            form.add_error("emails", error.messages)
    if form.errors:
        return _render(request, dataset, status=422, form=form)
    return _changed(request, dataset)


@require_POST
def stop_sharing(request: PageRequest, dataset_id: str) -> HttpResponse:
    email = request.POST.get("email", "").replace("\0", "")
    get = dataset_for if email == request.user.email else manageable_dataset_for
    dataset = get(request.user, dataset_id)
    services.stop_sharing_with(dataset=dataset, email=email)
    # People who took themselves off the list may no longer see the dataset.
    if email == request.user.email and not Membership.objects.filter(team=dataset.team, user=request.user).exists():
        return redirect(HOME.url())
    return _changed(request, dataset)


@never_cache
@require_POST
def invite_guest(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Let somebody of the list make an account, with which they see what is shared with them and nothing else."""
    dataset = manageable_dataset_for(request.user, dataset_id)
    mine = managing_membership_for(request.user, dataset.team_id)
    email = request.POST.get("email", "")
    if not any(person.email == email for person in shared_people(dataset)):
        raise Http404(gettext("The dataset is not shared with this address."))
    back = reverse("datasets:sharing", args=[dataset.pk])
    try:
        made = invitations.invite(team=mine.team, people=[invitations.Invited(email, "")], by=request.user)
    except ValidationError as error:
        answer = _render(request, dataset, status=422, problem=" ".join(error.messages))
        return reswap(retarget(answer, "#sharing"), "outerHTML")  # the card, not the dialog that the links open
    return invited(request, made, back=back)


def sharing_context(request: PageRequest, dataset: Dataset, form: ShareForm | None = None) -> dict[str, Any]:
    """What _sharing.html shows."""
    role = Membership.objects.filter(team=dataset.team_id, user=request.user).values_list("role", flat=True).first()
    return {
        "shared_people": shared_people(dataset),
        "share_form": form or ShareForm(),
        "may_invite": roles.may_manage(role or ""),
    }


def _render(
    request: PageRequest, dataset: Dataset, *, status: int = 200, form: ShareForm | None = None, problem: str = ""
) -> HttpResponse:
    template = "datasets/_sharing.html" if request.htmx else "datasets/sharing.html"
    context = {"dataset": dataset, "sharing_problem": problem, **sharing_context(request, dataset, form)}
    return render(request, template, context, status=status)


def _changed(request: PageRequest, dataset: Dataset) -> HttpResponse:
    return _render(request, dataset) if request.htmx else redirect("datasets:sharing", dataset.pk)
