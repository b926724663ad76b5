"""Jobs about the contents of datasources: their index, what is inside files, annotations, relevant filenames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from contents.annotation_reports import finishing as report_finishing
from contents.annotation_reports import following, planning
from contents.annotation_reports import parts as report_parts
from contents.annotation_reports import services as annotation_reports
from contents.index import finishing, listing, services
from contents.models import AnnotationReport, Index, RelevantTest
from contents.outputs.runners import WriteFrames, WriteThumbnails
from contents.reading import forgetting
from contents.reading import job as reading
from contents.relevant_tests import saving, testing
from contents.relevant_tests import services as relevant_tests
from core.queues import Queue
from jobs.models import Job
from jobs.runners import Cursor, JobError, Runner, Slice, Step, register

__all__ = [
    "CheckAnnotations",
    "CheckRelevantFilenames",
    "IndexContents",
    "ReadContents",
    "SaveRelevantFilenames",
    "WriteFrames",
    "WriteThumbnails",
]

_STAGES = {
    listing.PLAN: listing.plan,
    listing.LIST: listing.list_some,
    finishing.FINISH: finishing.finish_some,
    forgetting.FORGET: forgetting.forget_some,
}


@register
class IndexContents(Runner):
    """Lists all names of a datasource. Its row in contents_index is made together with the job."""

    kind = services.KIND
    label = _("Index the contents")
    queue = Queue.CONTENTS

    def split(self, job: Job) -> Sequence[Cursor]:
        return [{"stage": listing.PLAN}]

    def follow(self, job: Job, cursors: Sequence[Cursor]) -> Sequence[Cursor]:
        last = cursors[-1]
        if last["stage"] == listing.PLAN:
            return listing.parts_of(last)
        if last["stage"] == listing.LIST:
            return [finishing.begin(has_base=job.arguments["base"] is not None)]
        if last["stage"] == finishing.FINISH:
            return [forgetting.begin()]
        return []

    def run(self, this: Slice) -> Step:
        index = Index.objects.filter(job=this.job.pk).first()
        if index is None or index.datasource_id is None:
            raise JobError(gettext("The datasource was removed."), is_final=True)
        step = _STAGES[this.cursor["stage"]](this, index)
        if this.cursor["stage"] != forgetting.FORGET or not step.is_last:
            return step
        return replace(step, store=lambda: _ended(this.job, step))

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return ngettext("%(count)s file found", "%(count)s files found", job.done) % {"count": f"{job.done:,}"}


def _ended(job: Job, step: Step) -> None:
    """What begins when an index is complete."""
    if step.store:
        step.store()
    following.follow(job)


@register
class ReadContents(Runner):
    """Opens images and videos of a datasource. Several parts side by side, each file by file."""

    kind = services.READING_KIND
    label = _("Open the files")
    queue = Queue.CONTENTS

    def split(self, job: Job) -> Sequence[Cursor]:
        return [{"stage": reading.PLAN}]

    def follow(self, job: Job, cursors: Sequence[Cursor]) -> Sequence[Cursor]:
        return reading.parts_of(cursors[-1]) if cursors[-1]["stage"] == reading.PLAN else []

    def run(self, this: Slice) -> Step:
        return reading.plan(this) if this.cursor["stage"] == reading.PLAN else reading.read_some(this)

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return ngettext("%(count)s file opened", "%(count)s files opened", job.done) % {"count": f"{job.done:,}"}


@register
class CheckAnnotations(Runner):
    """Checks predictions and metadata. Its row in contents_annotationreport is made together with the job."""

    kind = annotation_reports.KIND
    label = _("Check predictions and metadata")
    queue = Queue.CONTENTS

    def split(self, job: Job) -> Sequence[Cursor]:
        return [{"stage": planning.PLAN}]

    def follow(self, job: Job, cursors: Sequence[Cursor]) -> Sequence[Cursor]:
        last = cursors[-1]
        if last["stage"] == planning.PLAN and last["shards"]:
            shards: Sequence[Cursor] = last["shards"]
            return shards
        if last["stage"] == report_finishing.FINISH:
            return []
        return [{"stage": report_finishing.FINISH}]

    def run(self, this: Slice) -> Step:
        report = AnnotationReport.objects.filter(job=this.job.pk).first()
        dataset = this.job.dataset
        if report is None or report.datasource_id is None or dataset is None:
            raise JobError(gettext("The datasource was removed."), is_final=True)
        if this.cursor["stage"] == planning.PLAN:
            return planning.plan(this, report, dataset)
        if this.cursor["stage"] == planning.CHECK:
            return report_parts.check_some(this, report, dataset)
        return report_finishing.finish(this, report)

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return ngettext("%(count)s name checked", "%(count)s names checked", job.done) % {"count": f"{job.done:,}"}


@register
class CheckRelevantFilenames(Runner):
    """Tests one relevant filenames file. Its row in contents_relevanttest is made together with the job."""

    kind = relevant_tests.KIND
    label = _("Test relevant filenames")
    queue = Queue.CONTENTS

    def run(self, this: Slice) -> Step:
        test = RelevantTest.objects.filter(job=this.job.pk).select_related("dataset").first()
        if test is None:
            raise JobError(gettext("Somebody has begun another test."), is_final=True)
        return testing.make_test(this, test)


@register
class SaveRelevantFilenames(Runner):
    """Writes a corrected relevant filenames file, under a name that no file has yet."""

    kind = saving.KIND
    label = _("Write relevant filenames")
    queue = Queue.CONTENTS

    def run(self, this: Slice) -> Step:
        return saving.save(this)
