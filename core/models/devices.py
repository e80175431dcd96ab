"""Where torch calculates, in which precision, and on how many threads.

Two torch threads that land on one core wait for each other and are several times slower than one. So they are bound to
cores, which must be asked for before torch is loaded; where that cannot be done (in a thread of a server) one thread is
used. Scoring does not use torch's own threads at all: it reads different batches in threads of its own.
"""

import contextlib
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

__all__ = ["best_device", "has_bfloat16", "in_threads", "load_torch", "usable_cores"]

Item = TypeVar("Item")
Result = TypeVar("Result")
_ALONE = threading.Lock()


def load_torch() -> Any:
    """Return the module torch, loaded so that its threads do not hinder each other."""
    if "torch" not in sys.modules:
        # Binding also binds the thread that loads torch, and all that it starts: not to be done to a server.
        if threading.current_thread() is threading.main_thread():
            os.environ.setdefault("OMP_PROC_BIND", "spread")
            os.environ.setdefault("OMP_PLACES", "cores")
        # Waiting threads sleep: on a machine that others use too, spinning takes the core from the one waited for.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        torch = importlib.import_module("torch")
        if "OMP_PROC_BIND" not in os.environ:
            torch.set_num_threads(1)
    return sys.modules["torch"]


def usable_cores() -> int:
    """Return how many cores there are to calculate on."""
    everything = os.cpu_count() or 1
    if "OMP_PROC_BIND" in os.environ or not hasattr(os, "sched_getaffinity"):
        return everything
    return len(os.sched_getaffinity(0))


def best_device() -> str:
    """Return 'cuda', 'mps' or 'cpu': the fastest there is here."""
    torch = load_torch()
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_bfloat16(device: str) -> bool:
    """Say whether numbers of 16 bits (bfloat16) are calculated faster than those of 32 on this device."""
    torch = load_torch()
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device != "cpu":
        return False
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], device: str) -> Iterator[Result]:
    """Yield ``work(item)`` for each item in order; on a CPU, several items at a time, each on one core."""
    workers = min(usable_cores(), len(items)) if device == "cpu" else 1
    if workers <= 1 or threading.current_thread() is not threading.main_thread():
        yield from map(work, items)
        return
    from concurrent.futures import ThreadPoolExecutor

    torch = load_torch()
    with _ALONE:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        pool = ThreadPoolExecutor(workers, initializer=lambda: torch.set_num_threads(1))

        def freely(item: Item) -> Result:
            _spread()
            return work(item)

        try:
            yield from pool.map(freely, items)
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(before)


def _spread() -> None:
    """Let this thread run on every core.

    It inherits the binding of the thread that started it, and OpenMP binds it again, to the first core like all its
    fellows, in the midst of its first calculation: so this is said before each batch.
    """
    if hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
