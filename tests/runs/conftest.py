from tests.runs.engine import engine as engine
