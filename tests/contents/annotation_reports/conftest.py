from tests.contents.index.conftest import memory, sent

__all__ = ["memory", "sent"]
