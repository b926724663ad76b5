"""An installation in which every page has something to show, under names that mean no good.

Runs backstage, in a process of the product.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.servers import Config

# Pages of them, and one of each kind of bar and problem; a name that is long, and one that is not what it seems.
FILES = [
    *(f"street/night/{number:03}.JPG" for number in range(120)),
    *("street/clip.mp4", "street/a.heic", "notes.txt", "noextension", "street//twice.jpg", "a\u202egpj.exe"),
    f"{'a-folder-with-a-long-name/' * 6}and-a-file.jpg",
    ".lightly/predictions/boxes/1.json",
]


def furnish(email: str, configs: dict[str, Config]) -> dict[str, str]:
    """Gives the team of this person one of everything. What the addresses of pages need: ids by their URL's names.

    `link`, `link_of_known`, `reset` and `grant` are what else leads somewhere: an invitation for a new address, one for
    an address with an account, a link with which the colleague may set a password, and one for a cloud admin.
    """
    from django.db import transaction

    from contents.index.services import choose_depth
    from contents.models import Depth
    from datasets.services import create_dataset, share_dataset
    from datasources.grant_links import addresses
    from datasources.grant_links import services as grant_links
    from datasources.models import Datasource
    from notifications.models import Notice
    from notifications.webhooks.services import save_webhook
    from teams import services
    from teams.admin.services import password_path
    from teams.invitations import links
    from teams.invitations import services as invitations
    from teams.models import Team, User
    from teams.service_accounts import services as service_accounts
    from tests.contents.index.memory import made_index, made_reading
    from tests.e2e.support import hostile
    from tests.e2e.support.backstage import make_notices, make_person, save

    owner = User.objects.get(email=email)
    membership = owner.memberships.select_related("team").get()
    team, name = membership.team, email.partition("@")[0]
    Team.objects.filter(pk=team.pk).update(name=hostile.NAME)
    User.objects.filter(pk=owner.pk).update(name=hostile.NAME)
    team.refresh_from_db()
    owner.refresh_from_db()
    colleague = User.objects.get(email=make_person(f"{name}-colleague", team.pk, "MEMBER", None)["email"])
    User.objects.filter(pk=colleague.pk).update(name=hostile.NAME)
    colleague.refresh_from_db()
    create_dataset(name=f"{name}-of-colleague", owner=colleague, team=team)  # somebody has to take it over
    known = make_person(f"{name}-known", None, "OWNER", None)["email"]
    Team.objects.filter(memberships__user__email=known).update(name=hostile.NAME)
    with transaction.atomic():
        address = hostile.ADDRESS.replace("www", f"w{name}w", 1)
        people = [invitations.Invited(address, "MEMBER") for address in (address, known)]
        invited = {one.email: one for one in invitations.invite(team=team, people=people, by=owner)}
        theirs = User.objects.get(email=known).memberships.get().team
        invitations.invite(team=theirs, people=[invitations.Invited(email, "MEMBER")], by=User.objects.get(email=known))
    account = service_accounts.create(team=team, name=hostile.NAME, by=owner)
    service_accounts.create_token(team=team, account=account, name=f"first token{hostile.NAME}"[:150], by=owner)
    services.create_token(user=owner, name=f"notebook{hostile.NAME}"[:150])
    services.create_token(user=owner, name=f"old notebook{hostile.NAME}"[:150])
    services.revoke_token(user=owner, token_id=owner.api_tokens.get(name__startswith="old").pk)
    # What the Contents tab shows is made up below, and no check may come before it.
    choose_depth(team=team, depth=Depth.NEVER)
    dataset = create_dataset(name=f"{name}-{hostile.DATASET_TAIL}", owner=owner, team=team)
    share_dataset(dataset=dataset, emails=[hostile.ADDRESS])
    for purpose, config in configs.items():
        save(dataset.pk, purpose.upper(), config, email)
    make_notices(email, ["GOOD", "SOON", "INFO", "BAD"])
    Notice.objects.create(user=owner, kind="INFO", title=hostile.NAME, text=f"{hostile.NAME}\n{hostile.NAME}", path="/")
    save_webhook(team=team, url=hostile.URL, by=owner)
    datasource = Datasource.objects.get(dataset=dataset, purpose="INPUT")
    made_reading(made_index(datasource, FILES), broken="street/night/007.JPG")
    selected = _selected(dataset)
    opened, unopened = (grant_links.make(datasource=datasource, by=owner) for _ in range(2))
    job_id = _waiting_job(team, owner)
    return {
        **_runs(dataset, owner, job_id),
        "team_id": team.pk,
        "dataset_id": dataset.pk,
        "datasource_id": datasource.pk,
        **selected,
        "user_id": colleague.pk,
        "account_id": account.pk,
        "account_token_id": account.api_tokens.get().pk,
        "token_id": owner.api_tokens.get(name__startswith="notebook").pk,
        "invitation_id": invited[address].pk,
        "notice_id": Notice.objects.filter(user=owner).latest("pk").pk,
        "job_id": job_id,
        "link": links.path_of(invited[address]),
        "link_of_known": links.path_of(invited[known]),
        "reset": password_path(colleague),
        "link_id": unopened.pk,
        "grant": addresses.path_of(opened),
    }


def _selected(dataset: Any) -> dict[str, str]:
    """What two runs would have left: samples, their tags, one made by hand, and an embedding with its picture."""
    import math
    from array import array

    from django.db import transaction

    from samples.growing import NewSample, add, add_embedding
    from samples.models import PlotMethod
    from samples.tags.services import create_from_names
    from tests.e2e.support import hostile

    more = {"weather": hostile.NAME, "hour": 14}
    measured = {"sharpness": 12.5, "luminance": 55.1, "sizeInBytes": 84_221, "width": 1920, "height": 1080}
    names = [*FILES[:119], FILES[-2]]
    new = [NewSample(name, meta_data=measured, custom_meta_data=more, exif={"Make": hostile.NAME}) for name in names]
    places = ((math.cos(number) * number, math.sin(number) * number) for number in range(len(names)))
    points = array("f", (each for place in places for each in place)).tobytes()
    with transaction.atomic():
        first = add(dataset, new[:80], run_id="a" * 24, tag_name="20261128_10h00m00s", creator="USER_WORKER")
        add(dataset, new[80:], run_id="b" * 24, tag_name="20261129_10h00m00s", creator="USER_WORKER")
        add_embedding(
            dataset,
            name="default_20261129_10h00m00s",
            key=".lightly/embeddings/default_20261129_10h00m00s.csv",
            rows=len(names),
            dimensions=1280,
            model="EfficientNet-Lite0",
            run_id="b" * 24,
            plots={PlotMethod.PCA: points},
        )
    create_from_names(dataset, name="by hand " + "long-name-" * 8, file_names=names[:7], by=None)
    return {"tag_id": first.pk, "sample_id": dataset.samples.get(position=119).pk}


def _waiting_job(team: Any, owner: Any) -> str:
    """A job that is under way for as long as the test takes: no worker is told of it."""
    from django.db import transaction
    from django.utils import timezone

    from datasources.runners import start_check_all
    from jobs.lifecycle import LONGEST_PAUSE
    from jobs.models import JobLogLine, JobShard
    from tests.e2e.support import hostile

    with transaction.atomic():
        job, _ = start_check_all(teams=[team], by=owner)
        JobLogLine.objects.create(job=job, text=hostile.NAME)
        # No shard may wait longer, and no test takes as long.
        JobShard.objects.filter(job=job).update(not_before=timezone.now() + LONGEST_PAUSE)
    return job.pk


def _runs(dataset: Any, owner: Any, job_id: str) -> dict[str, str]:
    """Two that have ended, one at work and one that waits for a worker that never comes; all with hostile names."""
    from runs import progress
    from runs.models import Run, RunPick, RunState
    from tests.e2e.support import hostile
    from tests.runs.making import run_of
    from tests.runs.pages.making import CONTENT, ended
    from tests.runs.scheduling.making import open_run

    first, other = ended(dataset, owner), ended(dataset, owner, first=1)
    RunPick.objects.filter(run=first, place=1, is_chosen=True).update(file_name=hostile.PREFIX, why=hostile.NAME)
    Run.objects.filter(pk=first.pk).update(message=hostile.NAME)
    working = run_of(dataset, CONTENT | {"docker": {"relevantFilenamesFile": hostile.PREFIX}}, by=owner)
    Run.objects.filter(pk=working.pk).update(job=job_id)
    progress.enter(working, RunState.EMBEDDING, total=90)
    progress.log(working, hostile.NAME)
    return {
        "run_id": first.pk,
        "other_run_id": other.pk,
        "working_id": working.pk,
        "artifact_id": first.artifacts.get(file_name="log.txt").pk,
        "scheduled_id": open_run(dataset, by=owner, runs_on=["no-worker-has-it"]).pk,
    }


def repeat_checks(dataset: str, times: int) -> None:
    """As if the schedule had come to the same verdict so often since: the history folds them into one line."""
    from datasources.models import Datasource, PermissionCheck, Trigger

    for datasource in Datasource.objects.filter(dataset=dataset).select_related("latest_check"):
        last = datasource.latest_check
        if last is None or last.is_open:
            raise RuntimeError(f"{datasource} was not checked yet")
        values: dict[str, Any] = {
            field.attname: getattr(last, field.attname) for field in last._meta.concrete_fields if not field.primary_key
        }
        PermissionCheck.objects.bulk_create(
            PermissionCheck(
                **values | {"trigger": Trigger.SCHEDULE, "queued_at": last.queued_at + timedelta(seconds=number + 1)}
            )
            for number in range(times)
        )
