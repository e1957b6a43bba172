"""What is this machine's fault and not a file's."""

from __future__ import annotations

import errno

import duckdb

MACHINE_FAULTS = (MemoryError, duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.InterruptException)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EFBIG)
"""A file whose bytes cannot be written is no bad file."""
FULL_WORDS = ("No space left", "Disk quota exceeded", "File too large", "Input/output error")


def is_machine_fault(error: Exception) -> bool:
    """Whether this machine failed and not the file: memory or disk is full, or the engine broke."""
    if isinstance(error, MACHINE_FAULTS):
        return True
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return isinstance(error, duckdb.IOException) and any(words in str(error) for words in FULL_WORDS)
