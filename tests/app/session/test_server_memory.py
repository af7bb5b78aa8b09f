"""The arenas of the server's allocator, counted by the C library itself (malloc_info) in a program of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT_ARENAS = """
import ctypes, sys, threading
from img2music.app.demo_server import share_arenas
if sys.argv[1] == "shared":
    assert share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
gate = threading.Barrier(12)
def work():
    gate.wait(), libc.malloc(1000), gate.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
stream = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(stream)), libc.fflush(ctypes.c_void_p(stream))
"""


def arenas(how: str) -> int:
    run = subprocess.run([sys.executable, "-c", COUNT_ARENAS, how], capture_output=True, check=True, timeout=60)
    return run.stdout.count(b"<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no arenas")
def test_threads_of_the_server_share_two_arenas() -> None:
    assert arenas("shared") <= 2 < arenas("as it is")
