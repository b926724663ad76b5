"""Threads that know what they work for."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class ContextPool(ThreadPoolExecutor):
    """As its parent. What is submitted runs in the context of whoever submits it, so that its log lines have the same
    ids (core/log_context.py)."""

    def submit(
        self, fn: Callable[Arguments, Answer], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Answer]:
        context = copy_context()
        return super().submit(lambda: context.run(fn, *args, **kwargs))
