from tests.contents.index.conftest import sent
from tests.contents.thumbnails.conftest import bucket, kept

__all__ = ["bucket", "kept", "sent"]
