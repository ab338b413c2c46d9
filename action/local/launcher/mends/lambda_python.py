"""Lambda: a Python function runs on the Python of its runtime, and sees no package but its own.

MiniStack runs every Python function on the Python that MiniStack itself runs on, with MiniStack's own packages in
reach. A binary for another version is then "No module named ...", and a package that was forgotten is there.
Not mended: the boto3 of Lambda's runtime is not there; a function that wants it here brings it.
"""

import os
import shlex
import subprocess
from pathlib import Path

from settings import Settings

LEANS_ON = {
    "ministack.core.lambda_runtime:_detect_runtime_binary": "(runtime)",
    "ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT": "str",
}

# A version manager's `python3.13` may be there and only tell that no such version is chosen.
PROBE_SECONDS = 20


def is_python(path: Path, version: str) -> bool:
    if not os.access(path, os.X_OK):
        return False
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([path, "-S", "-c", code], capture_output=True, text=True, timeout=PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == version


def interpreter(version: str) -> Path:
    """The first `python<version>` of PATH that is one."""
    for folder in os.environ["PATH"].split(os.pathsep):
        path = Path(folder, f"python{version}")
        if is_python(path, version):
            return path
    raise RuntimeError(f"no python{version} on the PATH of this machine can run the function: install Python {version}")


def apply(settings: Settings) -> None:
    from ministack.core import lambda_runtime

    detect = lambda_runtime._detect_runtime_binary
    starters: dict[str, Path] = {}

    def _detect_runtime_binary(runtime: str) -> tuple[str, str]:
        if not runtime.startswith("python"):
            return detect(runtime)
        if runtime not in starters:
            python = interpreter(runtime.removeprefix("python"))
            # MiniStack gives no arguments to what it starts. -S: nobody's site-packages. -B: no bytecode in the code.
            starter = Path(settings.home, f"start-{runtime}")
            starter.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} -S -B "$@"\n')
            starter.chmod(0o700)
            starters[runtime] = starter
        return str(starters[runtime]), lambda_runtime._PYTHON_WORKER_SCRIPT

    lambda_runtime._detect_runtime_binary = _detect_runtime_binary
