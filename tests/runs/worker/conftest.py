from tests.contents.conftest import endpoints
from tests.jobs.conftest import sent
from tests.runs.worker.whole import quick_network, world

__all__ = ["endpoints", "quick_network", "sent", "world"]
