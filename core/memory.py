"""How much memory a process may take, so that one odd file never takes the machine from everybody."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

__all__ = ["available_memory", "memory_limit", "most_of_memory"]

_CGROUP_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available_memory() -> int:
    """Return the bytes of memory that can still be had: the machine's, or the container's where that is less."""
    available = int(psutil.virtual_memory().available)
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
    if not psutil.LINUX:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = psutil.Process().memory_info().vms + more
    ceilings = [wanted, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(ceilings), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
