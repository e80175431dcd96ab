"""Where torch calculates, in which precision, and on how many threads.

Two torch threads that land on one core and spin while they wait for each other are several times slower than one. So
waiting threads sleep, and the system moves them to a free core; it must be asked for before torch is loaded. (Binding
them to cores is no faster on an idle machine and three times slower beside another process, since every process binds
its first thread to the first core.) Scoring and learning do not use torch's own threads: they read different batches,
or parts of one, in threads of their own.
"""

import contextlib
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

__all__ = ["best_device", "has_bfloat16", "in_threads", "load_torch", "usable_cores", "workers"]

Item = TypeVar("Item")
Result = TypeVar("Result")
_EXCLUSIVE = threading.Lock()


def load_torch() -> Any:
    """Return the module torch, loaded so that its threads do not hinder each other."""
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        importlib.import_module("torch")
    return sys.modules["torch"]


def usable_cores() -> int:
    """Return how many cores there are to calculate on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in checks)


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], device: str) -> Iterator[Result]:
    """Yield ``work(item)`` for each item in order; on a CPU, several items at a time, each on one core."""
    with workers(device, len(items)) as side_by_side:
        yield from side_by_side(work, items)


@contextlib.contextmanager
def workers(device: str, most: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Give what works like ``map``, on a CPU at up to `most` items at a time, each with its share of the cores."""
    count = min(usable_cores(), most) if device == "cpu" else 1
    if count <= 1:
        yield map
        return
    from concurrent.futures import ThreadPoolExecutor

    torch = load_torch()
    each = usable_cores() // count
    with _EXCLUSIVE:
        before = torch.get_num_threads()
        pool = ThreadPoolExecutor(count, initializer=lambda: torch.set_num_threads(each))
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(before)
