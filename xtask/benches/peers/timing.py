"""What all peers share: the timing loop and the one line of JSON that they print."""

import json
import time

WARM_UP = 3
AT_LEAST = 5
AT_MOST = 60
ENOUGH_S = 4.0


def sample(run):
    """Milliseconds of as many runs as fit into a few seconds, after some to warm up.

    `run` must return when its result is there, not when it is on its way.
    """
    began = time.perf_counter()
    for _ in range(WARM_UP):
        run()
        if time.perf_counter() - began > ENOUGH_S:
            break
    began, milliseconds = time.perf_counter(), []
    while len(milliseconds) < AT_LEAST or (
        len(milliseconds) < AT_MOST and time.perf_counter() - began < ENOUGH_S
    ):
        started = time.perf_counter()
        run()
        milliseconds.append(1e3 * (time.perf_counter() - started))
    return milliseconds


def report_samples(milliseconds):
    """Prints the median of what was sampled."""
    middle = sorted(milliseconds)
    median = (middle[(len(middle) - 1) // 2] + middle[len(middle) // 2]) / 2
    report(work_ms=median, samples=len(middle))


def report(**fields):
    print(json.dumps(fields), flush=True)
