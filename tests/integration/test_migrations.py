"""A store of an older revision, with data in it, becomes one of today: nothing is lost and the books still add up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock
from core.store import migrate, open_store, writing
from core.store.schema import MIGRATIONS
from loyalty import EvaluatedDocument, Redemption, load_programme, post_awards, redeem, seal, statement, verify

pytestmark = pytest.mark.integration
PROGRAMME = load_programme("demo")
MOMENT = "2026-05-01 10:00:00.000000"


def migrate_to(engine: Engine, revision: str) -> None:
    """Bring an empty store to an older revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill_as_of_0002(engine: Engine) -> None:
    """An award of 100 points, 30 of them taken back, 20 spent: as the ledger of revision 0002 wrote them."""
    entry = """insert into journal (journal_id, idempotency_key, request_hash, kind, member_party_id, effective_at, recorded_at, cause, source_id,
        document_no, programme_id, rule_id, rule_version, currency, reverses_journal_id, explanation)
        values ({id}, 'k{id}', 'h', '{kind}', 7, '{m}', '{m}', {cause}, 's', 'd1', 'alpenglut', {rule}, 1, 'points', null, '{{}}')"""
    cause = "'alpenglut|coffee-value|s|d1|123456'"
    with writing(engine) as connection:
        for number, kind, what, rule in ((1, "award", cause, "'coffee-value'"), (2, "reversal", cause, "'coffee-value'"), (3, "redeem", "null", "null")):  # fmt: skip
            connection.execute(text(entry.format(id=number, kind=kind, m=MOMENT, cause=what, rule=rule)))
        connection.execute(text(
            f"""insert into lots (lot_id, journal_id, member_party_id, programme_id, currency, points, earned_at, posted_at, available_at, expires_at)
                values (1, 1, 7, 'alpenglut', 'points', 100, '{MOMENT}', '{MOMENT}', '{MOMENT}', null)"""))  # fmt: skip
        for number, debit, credit, points in ((1, "liability", "available", 100), (2, "available", "liability", 30), (3, "available", "redeemed", 20)):  # fmt: skip
            connection.execute(text(
                f"""insert into transfers (transfer_id, journal_id, debit_account, credit_account, member_party_id, lot_id, points)
                    values ({number}, {number}, '{debit}', '{credit}', 7, 1, {points})"""))  # fmt: skip
        connection.execute(text(
            "insert into members (member_party_id, programme_id, currency, points_available, points_debt) values (7, 'alpenglut', 'points', 50, 0)"
        ))  # fmt: skip
        if connection.dialect.name == "postgresql":
            for name in ("journal_ids", "lot_ids", "transfer_ids"):
                connection.execute(text(f"select setval('{name}', 10)"))


def seal_as_of_0002(engine: Engine) -> None:
    """The chain over these entries as revision 0002 hashed them: every column and every transfer as text, in the order of their columns.

    Written out here on purpose: what today's program hashes must not decide what yesterday's hash was.
    """
    moment = "2026-05-01 10:00:00+00:00"
    cause = "alpenglut|coffee-value|s|d1|123456"
    moves = ("1|1|liability|available|7|1|100", "2|2|available|liability|7|1|30", "3|3|available|redeemed|7|1|20")
    chain = "0" * 64
    with writing(engine) as connection:
        for number, (kind, of, rule) in enumerate((("award", cause, "coffee-value"), ("reversal", cause, "coffee-value"), ("redeem", "None", "None")), 1):  # fmt: skip
            entry = (
                number,
                f"k{number}",
                "h",
                kind,
                7,
                moment,
                moment,
                of,
                "s",
                "d1",
                "alpenglut",
                rule,
                1,
                "points",
                None,
                "{}",
            )
            content = "\x1f".join([*map(str, entry), moves[number - 1]])
            chain = hashlib.sha256(f"{chain}\n{content}".encode()).hexdigest()
            connection.execute(
                text("insert into seals (journal_id, chain_hash) values (:id, :hash)"), {"id": number, "hash": chain}
            )


def test_a_store_sealed_at_revision_0002_verifies_after_all_later_ones(store_url: str, clock: FixedClock) -> None:
    """The chain holds, goes on over new entries, and still tells when an old entry was changed."""
    engine = open_store(store_url)
    try:
        migrate_to(engine, "0002")
        fill_as_of_0002(engine)
        seal_as_of_0002(engine)
        migrate(engine)
        report = verify(engine)
        assert (report.findings, report.sealed) == ((), 3)
        cause = "alpenglut|coffee-value|s|d2|123457"
        more = EvaluatedDocument(cause, "s", "d2", PROGRAMME.rules[0], date(2026, 5, 2), ((7, 10),), "{}")
        post_awards(engine, PROGRAMME, [more], clock)
        assert seal(engine) == 1
        report = verify(engine)
        assert (report.findings, report.sealed) == ((), 4)
        with engine.begin() as connection:
            off = (
                "drop trigger journal_no_update"
                if connection.dialect.name == "sqlite"
                else "alter table journal disable trigger all"
            )
            connection.execute(text(off))
            connection.execute(text("update journal set document_no = 'd9' where journal_id = 2"))
        assert "the chain breaks at entry 2" in str(verify(engine).findings)
    finally:
        engine.dispose()


@pytest.fixture
def old_store(store_url: str) -> Iterator[Engine]:
    """A store that was at revision 0002, with data, and is of today now."""
    engine = open_store(store_url)
    migrate_to(engine, "0002")
    fill_as_of_0002(engine)
    migrate(engine)
    yield engine
    engine.dispose()


def test_a_ledger_of_the_revision_before_goes_on(old_store: Engine, clock: FixedClock) -> None:
    store = old_store
    assert verify(store).findings == ()
    assert statement(store, PROGRAMME, 7, clock).balances[0].points_usable == 50
    again = EvaluatedDocument(
        "alpenglut|coffee-value|s|d1|123456", "s", "d1", PROGRAMME.rules[0], date(2026, 5, 1), ((7, 70),), "{}"
    )
    assert post_awards(store, PROGRAMME, [again], clock).awards == 0
    more = EvaluatedDocument(
        "alpenglut|coffee-value|s|d2|123457", "s", "d2", PROGRAMME.rules[0], date(2026, 5, 2), ((7, 10),), "{}"
    )
    post_awards(store, PROGRAMME, [more], clock)
    redeem(store, PROGRAMME, Redemption("k", 7, 60, "mug"), clock)
    assert seal(store) == 5
    assert verify(store).findings == ()


def test_what_was_append_only_stays_so(old_store: Engine) -> None:
    store = old_store
    for statement_text in ("update journal set kind = 'hold'", "delete from lots", "update transfers set points = 1"):
        with pytest.raises(DBAPIError), store.begin() as connection:
            connection.execute(text(statement_text))
    with pytest.raises(DBAPIError), store.begin() as connection:
        connection.execute(text("insert into caps values ('k', -1)"))
