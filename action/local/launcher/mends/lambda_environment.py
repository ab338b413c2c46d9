"""Lambda: a function sees the environment that AWS gives it, not the emulator's.

MiniStack starts its workers with the server's whole environment. A function that only works because of a variable
of the developer's shell would then pass every test here and fail on AWS.
Source: Lambda Developer Guide, "Defined runtime environment variables".
"""

import datetime
import os
import subprocess
import threading
import uuid

from settings import Settings

LEANS_ON = {
    "ministack.core.lambda_runtime:Worker._spawn": "(self)",
    "ministack.core.lambda_runtime:subprocess": "module",
    "ministack.core.lambda_runtime:_NODEJS_WORKER_SCRIPT": "str",
    "ministack.services.lambda_svc:LAMBDA_EXECUTOR": "str",
}

# What a process needs to run at all on this machine; on AWS the runtime's image has its own.
FROM_THE_MACHINE = ("PATH", "TMPDIR", "HOME", "LD_LIBRARY_PATH")

# How a worker is told where the emulator and the stand-ins are; AWS needs no such thing.
EMULATOR = ("AWS_ENDPOINT_URL", "_LAMBDA_FUNCTION_ARN", "_LAMBDA_TIMEOUT", "_LAMBDA_LAYERS_DIRS")


def execution_environment(runtime: str) -> str:
    """`AWS_EXECUTION_ENV`, for example AWS_Lambda_nodejs24.x."""
    return f"AWS_Lambda_{runtime}"


def build(config: dict, spawned: dict[str, str], extra: dict[str, str]) -> dict[str, str]:
    """The environment of a worker, out of the one that MiniStack would have given it."""
    variables = config.get("Environment", {}).get("Variables", {})
    inherited = os.environ.keys() - variables.keys() - set(FROM_THE_MACHINE) - set(EMULATOR)
    name = config.get("FunctionName", "")
    now = datetime.datetime.now(datetime.timezone.utc)
    log_group = config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    return {
        **{key: value for key, value in spawned.items() if key not in inherited},
        **{key: value for key, value in extra.items() if key not in variables},
        "AWS_EXECUTION_ENV": execution_environment(config.get("Runtime", "")),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{now:%Y/%m/%d}/[{config.get('Version', '$LATEST')}]{uuid.uuid4().hex}",
        "LANG": "en_US.UTF-8",
        # AWS lets a function set its own time zone, and nothing else of these.
        "TZ": variables.get("TZ", ":UTC"),
        "_HANDLER": config.get("Handler", ""),
    }


def apply(settings: Settings) -> None:
    from ministack.core import lambda_runtime

    spawn = lambda_runtime.Worker._spawn
    spawning = threading.local()

    def _spawn(self):
        spawning.config = self.config
        spawn(self)

    class Subprocess:
        """The subprocess module as lambda_runtime sees it."""

        def __getattr__(self, name: str):
            return getattr(subprocess, name)

        def Popen(self, command, **options):
            config = getattr(spawning, "config", None)
            if config is not None and "env" in options:
                options["env"] = build(config, options["env"], settings.lambda_environment)
                spawning.config = None
            return subprocess.Popen(command, **options)

    lambda_runtime.Worker._spawn = _spawn
    # A worker whose server was killed would otherwise live on for as long as its function holds a socket or timer.
    lambda_runtime._NODEJS_WORKER_SCRIPT += '\nprocess.stdin.on("end", () => process.exit(0));\n'
    lambda_runtime.subprocess = Subprocess()
