"""The tables of the app, by what they are about."""

from contents.models.choices import MOST_SAMPLE_FILES, SAMPLE_FILES, Depth, TeamIndexing
from contents.models.frames import CountedVideo, WrittenFrame
from contents.models.indexes import Change, FileKind, Finding, Index, IndexedFile, IndexState, Problem, Topic
from contents.models.labels import FileLabel
from contents.models.readings import FileFacts, InsideFinding, InsideProblem, Reading, ReadState
from contents.models.reports import AnnotationFinding, AnnotationPart, AnnotationReport, RelevantTest, ReportDepth

__all__ = [
    "MOST_SAMPLE_FILES",
    "SAMPLE_FILES",
    "AnnotationFinding",
    "AnnotationPart",
    "AnnotationReport",
    "Change",
    "CountedVideo",
    "Depth",
    "FileFacts",
    "FileKind",
    "FileLabel",
    "Finding",
    "Index",
    "IndexState",
    "IndexedFile",
    "InsideFinding",
    "InsideProblem",
    "Problem",
    "ReadState",
    "Reading",
    "RelevantTest",
    "ReportDepth",
    "TeamIndexing",
    "Topic",
    "WrittenFrame",
]
