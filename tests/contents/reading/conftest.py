from tests.contents.index.conftest import memory, sent, source

__all__ = ["memory", "sent", "source"]
