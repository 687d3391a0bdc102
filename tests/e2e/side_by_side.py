"""Cases in several processes at the same time, for the runners of tests/."""

import contextlib
import multiprocessing
import os
import signal
import sys

# How many, where nobody says: cases mostly wait.
JOBS = 2 * (os.cpu_count() or 1)

PASSED, FAILED = 1, 2


def side_by_side(cases, run_one, jobs=JOBS, world=contextlib.nullcontext, stop=False):
    """Runs every case in one of `jobs` processes, each taking the first that no other has begun.

    run_one(case, made, printing) is True when the case passed, and prints while it holds the lock `printing`. `made` is
    what `with world()` brings, once in each process. Returns whether each passed, in their order: one that nobody has
    finished has not. With `stop` none begins after one has failed, and the list is shorter by those."""
    context = multiprocessing.get_context("fork")
    next_one, results = context.Value("i", 0), context.Array("b", len(cases))
    workers = [context.Process(target=_work, args=(cases, run_one, world, stop, next_one, results))
               for _ in range(min(jobs, len(cases)))]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    except BaseException:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()
        raise
    return [result == PASSED for result in results if result or not stop]


def _ended(number, _frame):
    """Through the end of the case, which a second signal does not disturb: one comes to the group, one from the runner."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _work(cases, run_one, world, stop, next_one, results):
    signal.signal(signal.SIGTERM, _ended)
    with world() as made:
        while True:
            with next_one.get_lock():
                number = next_one.value
                next_one.value += 1
            if number >= len(cases) or (stop and FAILED in results):
                return
            results[number] = PASSED if run_one(cases[number], made, next_one.get_lock()) else FAILED
