"""Lambda: an invocation that is under way when its function is changed ends with the code that it began with.

MiniStack kills the process under it, so that the caller gets an error that AWS never gives.
Source: Lambda Developer Guide, "Lambda execution environment lifecycle": an update makes new environments, and those
that run an invocation are shut down when it has ended.
"""

from settings import Settings

LEANS_ON = {
    "ministack.core.lambda_runtime:kill_workers": "(workers)",
    "ministack.core.lambda_runtime:_lock": "lock",
    "ministack.services.lambda_svc:release_worker": "(worker)",
}


def apply(settings: Settings) -> None:
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    kill, release = lambda_runtime.kill_workers, lambda_svc.release_worker

    def kill_idle(workers):
        idle = []
        with lambda_runtime._lock:
            for worker in workers:
                if worker is None:
                    continue
                if worker.in_use:
                    worker.ends_when_released = True
                else:
                    idle.append(worker)
        kill(idle)

    def release_worker(worker):
        release(worker)
        if getattr(worker, "ends_when_released", False):
            kill([worker])

    lambda_runtime.kill_workers = kill_idle
    lambda_svc.release_worker = release_worker
