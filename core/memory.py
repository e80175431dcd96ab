"""How much memory a process may take, so that one odd file never takes the machine from everybody."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_memory", "memory_limit", "most_of_memory"]

_CGROUP_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
_FALLBACK = 8 * 1024**3  # bytes, where the system does not say how much is free


def available_memory() -> int:
    """Return the bytes of memory that can still be had: the machine's, or the container's where that is less."""
    available = _FALLBACK
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        available = int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024
    for limit, usage in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # 'max' is no number: no limit
            free = int(Path(limit).read_text(encoding="ascii")) - int(Path(usage).read_text(encoding="ascii"))
            available = min(available, max(0, free))
    return available


def most_of_memory() -> int:
    """Return what one piece of work may take (bytes): four fifths of what is available, so that the rest goes on."""
    return available_memory() * 4 // 5


@contextlib.contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """Let this process take at most `more` bytes beyond what it has; what asks for more gets a MemoryError.

    It is a limit of the whole process (its address space), taken back at the end. Where the system has no such limit
    (Windows, macOS) nothing is limited.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError, ValueError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * os.sysconf("SC_PAGE_SIZE") + more
    ceilings = [wanted, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(ceilings), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
