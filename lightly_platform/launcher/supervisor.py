"""Starts the processes of an installation and stops them together: if one ends, all end, and none is left behind.

Written instead of honcho's Manager, which puts a wrapper process and a shell around every command, kills after five
seconds (a running check may take fifteen) and stops Redis while the worker still needs it.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

from lightly_platform.env import BASE_DIR
from lightly_platform.launcher.telling import tell

_STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class StopRequested(SystemExit):
    """Ctrl-C or a stop signal: an orderly end."""

    def __init__(self) -> None:
        super().__init__(0)


class ProcessEnded(SystemExit):
    """A process we need has ended; the text is one sentence for the operator."""


class Forked:
    """A process that was forked and not started: what the supervisor asks of one, as subprocess.Popen spells it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._look(os.WNOHANG)

    def wait(self) -> int | None:
        return self._look(0)

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def _look(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


@dataclass(frozen=True)
class _Child:
    name: str
    process: subprocess.Popen[bytes] | Forked
    needed_by_others: bool


class Supervisor:
    """A context manager; leaving it stops every process that was started, those needed by others last."""

    def __init__(self, *, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._children: list[_Child] = []

    def __enter__(self) -> Supervisor:
        # Blocked, and fetched with sigwait(): no handler can interrupt us between starting a process and noting it.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, {*_STOP_SIGNALS, signal.SIGCHLD})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop([child for child in self._children if not child.needed_by_others])
        self._stop([child for child in self._children if child.needed_by_others])

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        needed_by_others: bool = False,
        environ: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=environ,
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we stop the rest in order
            preexec_fn=_set_up_child,
        )
        self._children.append(_Child(name, process, needed_by_others))
        return process

    def fork(self, name: str, main: Callable[[], object]) -> Forked:
        """A child that shares our memory and does `main`. Only where this process has no other threads."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _set_up_child()
            os._exit(_exit_code_of(main))  # whatever it was: our frames, which end our other children, are not its own
        forked = Forked(pid)
        self._children.append(_Child(name, forked, needed_by_others=False))
        return forked

    def run(self, name: str, command: Sequence[str], *, environ: Mapping[str, str] | None = None) -> None:
        """To its end. Raises ProcessEnded when it fails."""
        process = self.start(name, command, environ=environ)
        self.wait_until(lambda: process.poll() is not None, but=process)
        self._children = [child for child in self._children if child.process is not process]
        if process.returncode:
            raise ProcessEnded(f"Lightly can't start: {name} failed, its messages are above.")

    def wait_until(
        self, condition: Callable[[], bool], *, but: subprocess.Popen[bytes] | None = None, poll: bool = False
    ) -> None:
        """Until `condition`; looked at whenever a process ends, with `poll` also every 10 ms.

        Raises StopRequested, or ProcessEnded when a process other than `but` ends first.
        """
        while True:
            for child in self._children:
                if child.process is not but and child.process.poll() is not None:
                    raise ProcessEnded(
                        f"{child.name} ended ({_how(child.process.returncode or 0)}), so everything stops;"
                        " its last messages are above."
                    )
            if condition():
                return
            if not poll:
                if signal.sigwait({*_STOP_SIGNALS, signal.SIGCHLD}) in _STOP_SIGNALS:
                    raise StopRequested
            elif signal.sigpending() & _STOP_SIGNALS:
                signal.sigwait(_STOP_SIGNALS)
                raise StopRequested
            else:
                time.sleep(0.01)

    def _stop(self, children: Sequence[_Child]) -> None:
        for child in children:
            if child.process.poll() is None:
                child.process.terminate()
        started = time.monotonic()
        while any(child.process.poll() is None for child in children):
            waited = time.monotonic() - started
            if waited > self._grace_seconds:
                break
            if signal.sigpending() & _STOP_SIGNALS:
                signal.sigwait(_STOP_SIGNALS)
                # One Ctrl-C can reach us twice (make and timeout pass theirs on); a later one means: now.
                if waited > 1:
                    break
            time.sleep(0.01)
        for child in children:
            if child.process.poll() is None:
                tell(f"{child.name} does not stop and is killed.", level=logging.WARNING)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()


def _set_up_child() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_STOP_SIGNALS, signal.SIGCHLD})
    if _libc is not None:
        # Even if we are killed outright, nothing stays behind (Linux only).
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _exit_code_of(main: Callable[[], object]) -> int:
    """What Python would end with."""
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter itself does it
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        tell(code, level=logging.ERROR)
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def _how(returncode: int) -> str:
    return f"signal {signal.Signals(-returncode).name}" if returncode < 0 else f"exit code {returncode}"
