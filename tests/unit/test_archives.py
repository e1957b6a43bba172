"""Archives are unpacked within limits, whole or not at all, whatever they say of themselves."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import zipfile
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import InputRefusedError
from ingestion.archives import ArchiveLimits, CountedGzip, check_workbook, unpack

SMALL = ArchiveLimits(entries=5, total_bytes=1 << 20, ratio=50, ratio_from_bytes=10_000)


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in files:
            archive.writestr(name, content, compress_type=how)
    return buffer.getvalue()


def lying(size: int) -> bytes:
    """An archive that says another size of its file, in both places where it stands."""
    content = bytearray(packed(("a.csv", b"x" * 1000)))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(signature) + offset
        content[at : at + 4] = struct.pack("<I", size)
    return bytes(content)


def linked() -> bytes:
    """An archive with a symbolic link."""
    entry = zipfile.ZipInfo("a.csv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed((entry, b"/etc/passwd"))


def overlapping() -> bytes:
    """An archive whose central directory names the same bytes many times."""
    content = packed(("a", b"x" * 500), how=zipfile.ZIP_STORED)
    directory = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    one = content[directory:end]
    entries = b"".join(one[:46] + bytes([97 + n]) for n in range(4))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 4, 4, len(entries), directory, 0)
    return content[:directory] + entries + tail


def encrypted() -> bytes:
    """An archive with the flag of encryption."""
    content = bytearray(packed(("a.csv", b"1")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb": (lambda: packed(("a.csv", b"0" * 900_000)), "ING-632"),
    "too_large": (lambda: packed(*((f"{n}", bytes(range(256)) * 1500) for n in range(4)), how=zipfile.ZIP_STORED), "ING-632"),
    "too_many": (lambda: packed(*((str(n), b"1") for n in range(6))), "ING-632"),
    "says_less": (lambda: lying(10), "ING-631"),
    "says_more": (lambda: lying(5_000), "ING-631"),
    "says_far_more": (lambda: lying(3 << 30), "ING-632"),
    "parent": (lambda: packed(("../a.csv", b"1")), "ING-633"),
    "parent_within": (lambda: packed(("b/../../a.csv", b"1")), "ING-633"),
    "absolute": (lambda: packed(("/etc/a.csv", b"1")), "ING-633"),
    "backslash": (lambda: packed(("..\\a.csv", b"1")), "ING-633"),
    "drive": (lambda: packed(("C:a.csv", b"1")), "ING-633"),
    "control": (lambda: packed(("a\n.csv", b"1")), "ING-633"),
    "link": (linked, "ING-633"),
    "encrypted": (encrypted, "ING-633"),
    "overlapping": (overlapping, "ING-63"),
    "nested": (lambda: packed(("inner.zip", packed(("a.csv", b"1")))), "ING-633"),
    "nested_in_disguise": (lambda: packed(("inner.csv", packed(("a.csv", b"1")))), "ING-633"),
    "nested_gzip": (lambda: packed(("inner.csv", gzip.compress(b"1"))), "ING-633"),
    "cut_off": (lambda: packed(("a.csv", b"x" * 1000))[:-30], "ING-631"),
    "no_archive": (lambda: b"PK\x03\x04 nothing", "ING-631"),
    "empty": (lambda: b"", "ING-631"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_and_leave_nothing(name: str, tmp_path: Path) -> None:
    make, code = HOSTILE[name]
    archive = tmp_path / "delivery.zip"
    archive.write_bytes(make())
    with pytest.raises(InputRefusedError) as refused:
        unpack(archive, "delivery.zip", tmp_path / "work", SMALL)
    assert refused.value.code.startswith(code)
    assert "delivery.zip" in refused.value.detail.where
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [archive]
    assert not (tmp_path / "work").exists()


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive.write_bytes(packed(("a.csv", b"1"), ("a.csv", b"2")))
    with pytest.raises(InputRefusedError) as refused:
        unpack(archive, "a.zip", tmp_path / "work")
    assert refused.value.code == "ING-633"


def test_files_come_out_whole_with_the_archives_name(tmp_path: Path) -> None:
    archive = tmp_path / "may.zip"
    archive.write_bytes(packed(("b/two.csv", b"2" * 5000), ("one.csv", b"1"), ("b/", b"")))
    files = unpack(archive, "sub/may.zip", tmp_path / "work")
    assert [(name, path.name, path.read_bytes()[:1]) for name, path in files] == [
        ("b/two.csv", "may.zip!b!two.csv", b"2"), ("one.csv", "may.zip!one.csv", b"1"),
    ]  # fmt: skip
    assert all(path.is_relative_to(tmp_path / "work") for _, path in files)


def test_workbooks_and_gzip_have_the_same_limits(tmp_path: Path) -> None:
    workbook = tmp_path / "a.xlsx"
    workbook.write_bytes(packed(("xl/sheet1.xml", b"<a/>" * 250_000)))
    with pytest.raises(InputRefusedError) as refused:
        check_workbook(workbook, "a.xlsx", SMALL)
    assert refused.value.code == "ING-632"
    check_workbook(workbook, "a.xlsx")
    bomb = tmp_path / "a.csv.gz"
    bomb.write_bytes(gzip.compress(b"0" * 900_000))
    with CountedGzip(bomb, "a.csv.gz", SMALL) as source, pytest.raises(InputRefusedError) as refused:
        deque(iter(lambda: source.read(10_000), b""), maxlen=0)
    assert refused.value.code == "ING-632"
    with CountedGzip(bomb, "a.csv.gz") as source:
        assert len(source.read()) == 900_000
