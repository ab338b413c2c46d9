"""Starts the pinned MiniStack with Warren's mends, for action/local/aws.ts and for nobody else.

MiniStack is imported, not copied: the mends replace functions of the running process, so each one declares the
private names that it leans on and self_test.py refuses to start when one of them is not as the mend knows it.

Lives and dies with its parent: standard input is a pipe whose other end the parent holds, so however the parent
ends, that end closes, and this process removes its directory and kills its Lambda workers and itself.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import threading

import self_test
import settings

# `python -B` keeps byte code out of the source tree; MiniStack itself was compiled when pip installed it.


def bind_gateway(port: int) -> socket.socket:
    """A socket on 127.0.0.1 and nowhere else. Port 0 lets the kernel choose, so two instances never meet."""
    gateway = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    gateway.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    gateway.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    gateway.bind(("127.0.0.1", port))
    return gateway


def end_with_everything(home: str) -> None:
    """Ends this process, its Lambda workers and its directory, at once: nothing here is worth a graceful end."""
    workers = sys.modules.get("ministack.core.lambda_runtime")
    if workers is not None:
        for pool in list(workers._workers.values()):
            for worker in list(pool):
                if worker._proc is not None:
                    worker._proc.kill()
    shutil.rmtree(home, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        # A worker that is just being spawned is in no list yet, but it is in the process group.
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def end_with_parent(home: str) -> None:
    """Waits for the end of standard input, which is the end of the parent."""
    while os.read(0, 4096):
        pass
    end_with_everything(home)


def announce(port: int) -> None:
    """Tells the parent on file descriptor 3 that the self-test passed and where to ask for health."""
    os.write(3, f"{port}\n".encode())
    os.close(3)


async def serve_for_ever(app, config) -> None:
    from hypercorn.asyncio import serve

    # With a trigger of ours, though it never comes, hypercorn leaves the signals alone.
    await serve(app, config, shutdown_trigger=asyncio.Event().wait)


def main() -> None:
    chosen = settings.read()
    # Ctrl-C reaches the whole terminal, but the parent still needs its AWS to tear down.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: end_with_everything(chosen.home))
    threading.Thread(target=end_with_parent, args=(chosen.home,), daemon=True).start()

    gateway = bind_gateway(chosen.port)
    port = gateway.getsockname()[1]
    # MiniStack reads these when it is imported, so they come before the first import of it.
    os.environ["GATEWAY_PORT"] = str(port)

    self_test.check_version()
    import mends

    applied = mends.choose(chosen)
    self_test.check_leans(applied)
    for mend in applied:
        mend.apply(chosen)

    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{gateway.detach()}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    announce(port)
    asyncio.run(serve_for_ever(app, config))


if __name__ == "__main__":
    main()
