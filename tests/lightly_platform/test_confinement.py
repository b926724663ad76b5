"""What a process of a worker's pool may take. Each test in a process of its own, as limits are for good."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from lightly_platform.env import BASE_DIR

MB = 1024**2


def confined(code: str, **limits: int) -> subprocess.CompletedProcess[str]:
    before = f"from lightly_platform.confinement import confine\nconfine({limits!r})\n"
    return subprocess.run(
        [sys.executable, "-c", before + code], cwd=BASE_DIR, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_allocation_beyond_it_fails() -> None:
    code = "try:\n    bytearray(900 * 1024**2)\nexcept MemoryError:\n    print('refused')"
    assert confined(code, RLIMIT_DATA=600 * MB).stdout == "refused\n"
    assert confined(code, RLIMIT_DATA=2048 * MB).stdout == ""


def test_a_file_beyond_it_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "big"
    confined(f"open({str(path)!r}, 'wb').write(bytes(3 * 1024**2))", RLIMIT_FSIZE=MB)
    assert path.stat().st_size <= MB


def test_a_limit_that_is_lower_already_stays() -> None:
    code = "import resource\nconfine({'RLIMIT_CORE': 5 * 1024**2, 'RLIMIT_OF_TOMORROW': 1})\n"
    code += "print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert confined(code, RLIMIT_CORE=0).stdout == "(0, 0)\n"
    assert hasattr(resource, "RLIMIT_DATA")
