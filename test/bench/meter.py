"""Runs a command and prints what it and all that it started have taken: CPU seconds, wall seconds, peak of their memory.

getrusage counts only children that were waited for, and esbuild's process outlives the one that started it: this
process adopts such orphans (PR_SET_CHILD_SUBREAPER) and waits for them, too.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


def tree(pid):
    pids, queue = [], [pid]
    while queue:
        one = queue.pop()
        pids.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children") as children:
                    queue += [int(child) for child in children.read().split()]
        except OSError:
            continue
    return pids[1:]


def resident_mb(pid):
    try:
        with open(f"/proc/{pid}/statm") as statm:
            return int(statm.read().split()[1]) * PAGE_MB
    except (OSError, IndexError):
        return 0


ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
peak = 0


def watch():
    global peak
    while True:
        peak = max(peak, sum(map(resident_mb, tree(os.getpid()))))
        time.sleep(0.05)


start = time.monotonic()
threading.Thread(target=watch, daemon=True).start()
with open(sys.argv[1], "wb") as log:
    code = subprocess.call(sys.argv[2:], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
wall = time.monotonic() - start
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code, "wallSeconds": wall, "cpuSeconds": used.ru_utime + used.ru_stime, "peakMb": peak}))
