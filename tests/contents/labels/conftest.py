from tests.contents.thumbnails.conftest import kept, memory, sent

__all__ = ["kept", "memory", "sent"]
