import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contents.annotations.checking import Check
from contents.annotations.concluding import check_everything
from contents.annotations.exporting import as_json, csv_lines, text_lines
from contents.annotations.rules import Severity
from contents.annotations.sources import LocalDirectory
from contents.listing.folder import LIGHTLY_FOLDER


class Command(BaseCommand):
    help = (
        "Check predictions and metadata in a folder, before they are uploaded. Ends with status 1 if there are errors."
    )
    # Needs no database, and nothing of the installation.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="the folder that has .lightly in it")
        parser.add_argument(
            "--images",
            type=Path,
            help="the folder with the images or videos; then names and sizes are compared with them",
        )
        parser.add_argument("--sample", type=int, help="read only so many files of each task and of the metadata")
        parser.add_argument("--most", type=int, default=5, help="findings shown of each rule (5)")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="write the whole report as JSON")
        form.add_argument("--csv", action="store_true", help="write the findings as CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        directory, images = options["directory"], options["images"]
        for folder in (directory, images):
            if folder is not None and not folder.is_dir():
                raise CommandError(f"There is no folder {folder}.")
        if options["sample"] is not None and options["sample"] < 0:
            raise CommandError("--sample is a number from 0 on.")
        if not (directory / LIGHTLY_FOLDER).is_dir():
            raise CommandError(
                f"{directory} has no folder {LIGHTLY_FOLDER}. Predictions are in {LIGHTLY_FOLDER}predictions/, "
                f"metadata in {LIGHTLY_FOLDER}metadata/."
            )
        check = Check(LocalDirectory(directory), LocalDirectory(images) if images else None)
        report = check_everything(check, sample=options["sample"])
        if options["json"]:
            self.stdout.write(json.dumps(as_json(report), indent=1, ensure_ascii=False))
        elif options["csv"]:
            for line in csv_lines(report.findings()):
                self.stdout.write(line, ending="")
        else:
            for line in text_lines(report, most=options["most"]):
                self.stdout.write(line)
            if images is None:
                self.stdout.write("Names and sizes were not compared with images: name their folder with --images.")
        if report.count(Severity.ERROR):
            sys.exit(1)
