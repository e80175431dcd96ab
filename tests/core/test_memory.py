"""A limit of memory is a limit of the process, and is taken back."""

import sys

import pytest

from core.memory import available_memory, memory_limit, most_of_memory


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_what_asks_for_more_gets_an_error_and_afterwards_has_it():
    with memory_limit(64 * 1024**2), pytest.raises(MemoryError):
        bytearray(256 * 1024**2)
    assert len(bytearray(256 * 1024**2)) == 256 * 1024**2


def test_four_fifths_of_what_is_there():
    assert 0 < most_of_memory() < available_memory() * 1.2
