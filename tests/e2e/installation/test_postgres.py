"""The main job with a PostgreSQL underneath, set up as docs/deploy.md has it: own keys, one database for all."""

from __future__ import annotations

from cryptography.fernet import Fernet
from playwright.sync_api import expect

from tests.e2e.conftest import NewStack, Visit, filled_bucket, reader, writer
from tests.e2e.support.settings import Row, Settings
from tests.races import leave_together
from tests.servers import Cloud, Postgres

PASSWORD = "a-long-enough-secret"


def test_main_job(new_stack: NewStack, visit: Visit, cloud: Cloud, name: str) -> None:
    with Postgres() as postgres:
        stack = new_stack(
            DATABASE_URL=postgres.url,
            SECRET_KEY="only-for-this-test-" + "0123456789" * 4,
            LIGHTLY_ENCRYPTION_KEYS=Fernet.generate_key().decode(),
        ).run()
        page, bucket = visit(at=stack).page, filled_bucket(cloud)
        page.goto("/")
        page.get_by_label("Team name").fill("Acme Vision")
        page.get_by_label("E-mail address").fill("ava@example.com")
        page.get_by_label("Password").first.fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Create the owner account").click()
        page.get_by_role("link", name="New dataset").click()
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Create dataset").click()
        settings = Settings(page)
        settings.expect_title(name)
        settings.fill(reader(cloud, bucket)).submit()
        settings.expect_bulbs(list="granted", read="granted")
        settings.tab("Lightly").fill(writer(cloud, bucket)).submit()
        settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")
        settings.tab("Check history")
        expect(settings.root.get_by_role("row")).to_have_count(3)
        settings.close()
        row_id = page.get_by_role("article", name=name).get_attribute("id") or ""
        row = Row(page, row_id.removeprefix("dataset-"))
        row.expect_bulbs("lightly", list="granted", read="granted", write="granted", overwrite="granted")
        assert not (stack.data_dir / "lightly.sqlite3").exists()
        # Of several owners who leave at the same moment one stays: the team's row is locked.
        owners = [stack.backstage.person("owner-0")]
        owners += [stack.backstage.person(f"owner-{number}", team=owners[0]["team"]) for number in (1, 2, 3)]
        assert leave_together(stack, owners[0]["team"], owners) == [204, 204, 204, 409]
        stack.stop()
