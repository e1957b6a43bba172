"""Every published sample of UBL, Peppol, cXML, camt and MT940 ends as parsed or as a finding with its place; what fuzzing makes of them too."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ingestion.documents.camt import parse as parse_camt
from ingestion.documents.cxml import parse as parse_cxml
from ingestion.documents.idoc import parse as parse_idoc
from ingestion.documents.model import Parsed
from ingestion.documents.mt940 import parse as parse_mt940
from ingestion.documents.ubl import parse as parse_ubl
from tests.support.real_data import real

pytestmark = [pytest.mark.integration, pytest.mark.real]
Parse = Callable[[bytes, Mapping[str, str]], Parsed]
PARSERS: dict[str, Parse] = {
    "ubl": parse_ubl, "peppol": parse_ubl, "cxml": parse_cxml, "camt": parse_camt, "mt940": parse_mt940, "idoc": parse_idoc,
}  # fmt: skip
SECONDS_PER_SAMPLE = 2.0
ROUNDS = 3
"""Mutations per sample in the ordinary run."""

EXPECTED: dict[str, Counter[str]] = {
    "ubl": Counter({"files": 18, "files refused": 0, "taken": 16, "refused": 2, "invoices": 85, "invoice_taxes": 25, "ING-614": 3}),
    "peppol": Counter({
        "files": 54, "files refused": 0, "taken": 48, "refused": 6, "orders": 10, "order_lines": 19, "order_responses": 8,
        "order_confirmations": 14, "order_cancellations": 4, "deliveries": 16, "outstanding": 2, "packages": 9, "invoices": 22,
        "invoice_taxes": 14, "acknowledgements": 12, "ING-611": 6, "ING-615": 18,
    }),
    "cxml": Counter({
        "files": 13, "files refused": 1, "taken": 4, "refused": 8, "orders": 3, "order_lines": 5, "shipments": 1, "ING-611": 9,
    }),
    "camt": Counter({
        "files": 21, "files refused": 1, "taken": 3, "refused": 18, "payments": 3, "ING-611": 12, "ING-612": 1, "ING-621": 6, "ING-622": 1,
    }),
    "mt940": Counter({
        "files": 31, "files refused": 10, "taken": 45, "refused": 12, "payments": 138, "ING-611": 1, "ING-612": 11, "ING-621": 10,
        "ING-622": 1,
    }),
    "idoc": Counter({"files": 1, "files refused": 0, "refused": 1, "ING-612": 3}),
}  # fmt: skip
"""Refused are: documents of other kinds (catalogues, punch-out, reports before the statement), fragments, and sums that do not add up."""


def samples(folder: str) -> list[Path]:
    """The files of a folder."""
    return sorted((real("edi") / folder).iterdir())


def tally(folder: str) -> Counter[str]:
    """Files, messages taken and refused, rows by record set, findings by code. Asserts that nothing vanishes and every finding has its place."""
    counts: Counter[str] = Counter()
    for path in samples(folder):
        parsed = PARSERS[folder](path.read_bytes(), {})
        counts["files"] += 1
        counts["files refused"] += not parsed.messages
        assert parsed.messages or parsed.findings, path.name
        for message in parsed.messages:
            counts["refused" if message.is_refused else "taken"] += 1
            assert not (message.is_refused and message.rows)
            counts.update({name: len(rows) for name, rows in message.rows.items()})
        for finding in [*parsed.findings, *(finding for message in parsed.messages for finding in message.findings)]:
            assert "line " in finding.place, (path.name, finding)
            assert finding.found
            assert finding.expected
            counts[finding.code] += 1
    return counts


def test_ubl() -> None:
    assert tally("ubl") == EXPECTED["ubl"]


def test_peppol() -> None:
    assert tally("peppol") == EXPECTED["peppol"]


def test_cxml() -> None:
    assert tally("cxml") == EXPECTED["cxml"]


def test_camt() -> None:
    assert tally("camt") == EXPECTED["camt"]


def test_mt940() -> None:
    assert tally("mt940") == EXPECTED["mt940"]


def test_idoc() -> None:
    assert tally("idoc") == EXPECTED["idoc"]


def test_secrets_of_the_samples_are_in_no_result() -> None:
    for path in samples("cxml"):
        content = path.read_bytes()
        for secret in (b"coyote", b"abracadabra", b"Secret!123"):
            assert secret.decode() not in repr(parse_cxml(content, {}))


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The same bytes with a few of the things that happen on the way: cut, doubled, dropped, flipped, swapped."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if not data:
            break
        start = chance.randrange(len(data))
        end = min(len(data), start + chance.choice((1, 1, 8, 200)))
        part = bytes(data[start:end])
        match chance.randrange(5):
            case 0:
                del data[end:]
            case 1:
                data[start:start] = part * chance.choice((1, 3, 300))
            case 2:
                del data[start:end]
            case 3:
                data[start:end] = bytes(chance.randrange(256) for _ in part)
            case _:
                data[start:end] = part[::-1]
    return bytes(data)


@pytest.mark.parametrize("folder", PARSERS)
def test_mutated_samples_never_crash_or_hang(folder: str) -> None:
    chance = random.Random(20261125)
    for path in samples(folder):
        content = path.read_bytes()
        if len(content) > 400_000:
            continue
        for round_no in range(ROUNDS):
            broken = mutated(content, chance)
            started = time.monotonic()
            parsed = PARSERS[folder](broken, {})
            assert time.monotonic() - started < SECONDS_PER_SAMPLE, (path.name, round_no)
            assert parsed.messages or parsed.findings, (path.name, round_no)
