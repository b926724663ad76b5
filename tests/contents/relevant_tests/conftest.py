from tests.jobs.conftest import sent

__all__ = ["sent"]
