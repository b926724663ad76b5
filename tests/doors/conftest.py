"""A team with one of everything that an address may name, and the people around it."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator

from clouds import CloudConfig
from contents.models import IndexedFile
from datasets.models import Dataset
from datasets.services import share_dataset
from datasources.grant_links import addresses
from datasources.grant_links import services as grant_links
from datasources.models import Datasource, Purpose
from datasources.runners import start_check_all
from datasources.services import save
from notifications.models import Notice
from notifications.webhooks.services import save_webhook
from runs import artifacts
from runs.models import ArtifactType
from teams.invitations import links
from teams.invitations import services as invitations
from teams.models import Role, Team, User
from teams.service_accounts import services as service_accounts
from teams.services import create_token
from tests.conftest import person
from tests.contents.annotation_reports.support import made_report
from tests.contents.index.memory import connected, made_index
from tests.runs.making import run_of
from tests.runs.scheduling.making import open_run
from tests.samples.making import grow


@pytest.fixture
def people(team: Team, alice: User, bob: User, charlie: User, dataset: Dataset) -> dict[str, User | None]:
    """By the names of visitors.FINDS."""
    elsewhere, operators = Team.objects.create(name="Guests"), Team.objects.create(name="Operators")
    found = {
        "outsider": charlie,
        "guest": person("guest@example.com", elsewhere),
        "guest with an unproven address": person("unproven@example.com", elsewhere),
        "member": bob,
        "dataset's owner": person("keeper@example.com", team),
        "team's admin": person("admin@example.com", team, Role.ADMIN),
        "team's owner": alice,
        "staff": person("staff@example.com", operators),
        "superuser": person("chief@example.com", operators),
    }
    User.objects.filter(email="unproven@example.com").update(email_is_proven=False)
    User.objects.filter(email="staff@example.com").update(is_staff=True)
    User.objects.filter(email="chief@example.com").update(is_staff=True, is_superuser=True)
    Dataset.objects.filter(pk=dataset.pk).update(owner=found["dataset's owner"])
    share_dataset(dataset=dataset, emails=["guest@example.com", "unproven@example.com"])
    return {"nobody": None, **found}


@pytest.fixture
def known(alice: User, bob: User, team: Team, dataset: Dataset, s3_config: CloudConfig) -> dict[str, str]:
    """What addresses may name, all of it alice's or her team's; and the tokens of its links."""
    save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    account = service_accounts.create(team=team, name="nightly", by=alice)
    service_accounts.create_token(team=team, account=account, name="server", by=alice)
    create_token(user=alice, name="notebook")
    (invitation,) = invitations.invite(team=team, people=[invitations.Invited("eve@example.com", "MEMBER")], by=alice)
    save_webhook(team=team, url="https://hooks.example.com/x", by=alice)
    index = made_index(Datasource.objects.get(), ["street/night/007.JPG"])
    link = grant_links.make(datasource=Datasource.objects.get(), by=alice)
    lightly = connected(dataset, Purpose.LIGHTLY)
    made_report(index, made_index(lightly, [".lightly/predictions/tasks.json"]))
    run_tag = grow(dataset, ["street/night/007.JPG"])
    run = run_of(dataset, by=alice)
    dana = person("dana@example.com", team)
    passkey = Authenticator.objects.create(user=dana, type=Authenticator.Type.WEBAUTHN, data={"name": "laptop"})
    return {
        "team_id": team.pk,
        "dataset_id": dataset.pk,
        "tag_id": run_tag.pk,
        "sample_id": dataset.samples.get().pk,
        "how": "names",
        "file_format": "names",
        "user_id": bob.pk,
        "account_id": account.pk,
        "account_token_id": account.api_tokens.get().pk,
        "token_id": alice.api_tokens.get().pk,
        "invitation_id": invitation.pk,
        "notice_id": Notice.objects.create(user=alice, title="Problem").pk,
        "job_id": start_check_all(teams=[team], by=alice)[0].pk,
        "link_id": link.pk,
        "run_id": run.pk,
        "artifact_id": artifacts.add(run, ArtifactType.LOG, "log.txt", b"a line").pk,
        "scheduled_id": open_run(dataset, by=alice).pk,
        "tab": "input",
        "slug": "upper-case-extension",
        "shape": "csv",
        "size": "thumbnail",
        "number": "0",
        "row": str(IndexedFile.objects.get(index=index.pk).pk),
        "name": "security",
        "provider_id": "sso",
        "pk": str(passkey.pk),
        "key": "nonsense",
        "uidb36": "1",
        "id": alice.pk,
        "object_id": alice.pk,
        "content_type_id": "1",
        "app_label": "teams",
        "url": "nothing",
        "invitation": links.path_of(invitation),
        "grant": addresses.path_of(link),
    }
