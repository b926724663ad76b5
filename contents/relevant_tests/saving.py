"""Writes the corrected file of a test into the Lightly datasource, never over a file that is there."""

from __future__ import annotations

from django.utils.translation import gettext

from clouds import Cause, CloudConfig, Store, StoreError
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.failures import PASSING
from clouds.patient import Patience
from clouds.permissions import Permission, Verdict, state_of
from clouds.pool import STORES
from contents.annotation_reports.services import bulb_refusal
from contents.index.queries import look_at
from contents.listing.folder import LIGHTLY_FOLDER, METADATA_FOLDER, PREDICTIONS_FOLDER
from contents.listing.relevant_filenames import is_clean
from contents.models import RelevantTest
from contents.relevant_tests.services import LONGEST_NAME, RefusedError, corrected
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose, UnreadableConfigError
from jobs import services as jobs
from jobs.models import Job
from jobs.runners import JobError, Slice, Step
from teams.models import User

# The kind of the jobs, see contents.runners. Pinned: it stands in the database.
KIND = "contents.relevant_write"
# A file of 32 MB; two attempts end within a slice of the queue.
PATIENCE = Patience(call_seconds=12.0, attempts=2)
_NOT_THERE = (PREDICTIONS_FOLDER, METADATA_FOLDER)


def suggested_name(test: RelevantTest) -> str:
    stem = test.path.removesuffix(".txt") or f"{LIGHTLY_FOLDER}relevant"
    return f"{stem}-corrected.txt"


def start(test: RelevantTest | None, *, name: str, by: User) -> tuple[Job, bool]:
    """A job that writes the test's corrected file under this name; or the one that is under way.

    Raises RefusedError.
    """
    if test is None or not test.corrected:
        raise RefusedError(gettext("There is no corrected file. Test one first."))
    _must_be_new_name(name, test)
    look = look_at(test.dataset, Purpose.LIGHTLY)
    if refusal := bulb_refusal(look, (Permission.WRITE,)):
        raise RefusedError(refusal.sentence)
    return jobs.start(
        KIND,
        title=f"{test.dataset.name}: {name}",
        subject=test.pk,
        team=test.dataset.team,
        dataset=test.dataset,
        by=by,
        arguments={"test": test.pk, "name": name},
    )


def _must_be_new_name(name: str, test: RelevantTest) -> None:
    """Raises RefusedError."""
    if not name.startswith(LIGHTLY_FOLDER) or not is_clean(name) or not name.isprintable() or len(name) > LONGEST_NAME:
        words = gettext("The name begins with .lightly/, without // or .. in it. For example: .lightly/relevant-2.txt")
        raise RefusedError(words, field="name")
    if name.startswith(_NOT_THERE):
        words = gettext("These folders are for predictions and metadata only. For example: .lightly/relevant-2.txt")
        raise RefusedError(words, field="name")
    if name == test.path:
        words = gettext("The tested file is not replaced. Choose another name.")
        raise RefusedError(words, field="name")


def newest(test: RelevantTest) -> Job | None:
    """The newest job that writes, or wrote, the test's file."""
    return Job.objects.filter(kind=KIND, subject=test.pk).order_by("-created_at", "-pk").first()


def save(this: Slice) -> Step:
    """Raises JobError."""
    name = this.job.arguments["name"]
    test = RelevantTest.objects.filter(pk=this.job.arguments["test"]).select_related("dataset").first()
    datasource = look_at(test.dataset, Purpose.LIGHTLY).datasource if test else None
    if test is None or datasource is None:
        raise JobError(gettext("The test or the datasource was removed."), is_final=True)
    try:
        config = datasource.config
    except UnreadableConfigError:
        raise JobError(f"{UNREADABLE.tried} {UNREADABLE.fix}", is_final=True) from None
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            _write(store, config.prefix + name, corrected(test))
    except StoreError as error:
        raise _words(error, config, name) from None
    message = gettext("Written to %(name)s") % {"name": name}
    return Step(this.cursor, is_last=True, done=1, total=1, message=message)


def _write(store: Store, key: str, data: bytes) -> None:
    try:
        store.create(key, data)
    except StoreError as error:
        # An attempt of ours whose answer got lost has written it.
        if error.failure.cause is not Cause.ALREADY_EXISTS or b"".join(store.stream(key)) != data:
            raise


def _words(error: StoreError, config: CloudConfig, name: str) -> JobError:
    failure = error.failure
    if failure.cause is Cause.ALREADY_EXISTS:
        words = gettext("There is another file called %(name)s. Nothing was written: choose a name that no file has.")
        return JobError(words % {"name": name}, is_final=True)
    verdict = Verdict(state_of(failure), failure=failure, key=config.prefix + name)
    told = diagnose(Permission.WRITE, verdict, config, PATIENCE.call_seconds)
    sentence = f"{told.summary[:1].upper()}{told.summary[1:]}. {told.cause} {told.fix}"
    return JobError(sentence, is_final=failure.cause not in PASSING)
