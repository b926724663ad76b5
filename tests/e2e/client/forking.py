"""A Python that has read the client's code, and does what others ask of it in forks of itself. Runs in the client's
virtual environment.

Reading the code takes the newest client some two seconds, nearly all of it for generated models. Only those and what
the client stands on are kept: the client's own modules are read anew in each fork, with the environment of a user, so
that all they do when they are imported is done.
"""

import json
import os
import runpy
import sys
import traceback
from typing import Any

GENERATED = "lightly.openapi_generated"


def read_ahead() -> None:
    os.environ["LIGHTLY_DID_VERSION_CHECK"] = "True"  # not here, where no server is told
    import lightly.api  # type: ignore[import-not-found]  # noqa: F401

    for name in list(sys.modules):
        if name.split(".")[0] == "lightly" and not name.startswith(GENERATED):
            del sys.modules[name]


def next_task() -> dict[str, Any]:
    """Returns in the fork. The first process tells the fork's id and then how it ended, until nobody asks any more."""
    for line in sys.stdin:
        task: dict[str, Any] = json.loads(line)
        pid = os.fork()
        if not pid:
            return task
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    sys.exit()


def become(task: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(task["environ"])
    os.chdir(task["directory"])
    for number, (path, flags) in enumerate(
        ((task["input"], os.O_RDONLY), (task["output"], os.O_WRONLY), (task["errors"], os.O_WRONLY))
    ):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - what was read ahead is not ours


def execute(arguments: list[str]) -> None:
    """As `python -c CODE` or `python FILE` would."""
    if arguments[0] == "-c":
        sys.argv, sys.path[0] = ["-c"], ""
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    else:
        sys.argv, sys.path[0] = arguments, os.path.dirname(arguments[0])  # noqa: PTH120
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    read_ahead()
    given = next_task()
    become(given)
    try:
        execute(given["arguments"])
    except Exception:  # noqa: BLE001 - as the interpreter does it
        traceback.print_exc()
        sys.exit(1)
