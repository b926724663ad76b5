from tests.contents.thumbnails.conftest import kept, memory, sent, source

__all__ = ["kept", "memory", "sent", "source"]
