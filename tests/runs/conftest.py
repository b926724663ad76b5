from tests.contents.conftest import endpoints as endpoints
from tests.runs.engine import engine as engine
