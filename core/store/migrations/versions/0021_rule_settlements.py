"""Settlements of standing rules."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "rule_settlements", _key("settlement_id", sa.String(36)), _text("settlement_no", 80, unique=True), _text("programme_id", 60),
        _big("owner_party_id"), _text("title_de", 200), _text("title_en", 200), sa.Column("until", sa.Date, nullable=False),
        _text("money_currency", 10), _big("points_burned"), _big("burned_subcents"), _big("burned_cents"), _big("manufacturer_cents"),
        sa.Column("settled_at", UtcTimestamp, nullable=False), _text("settled_by", 60),
        sa.UniqueConstraint("programme_id", "until", name="rule_settlements_once"),
    )  # fmt: skip
    head = "rule_settlements.settlement_id"
    op.create_table(
        "rule_settlement_statements", _key("settlement_id", sa.String(36), sa.ForeignKey(head)), _key("distributor_party_id", sa.BigInteger),
        _big("points_burned"), _big("burned_subcents"), _big("distributor_subcents"), _big("burned_cents"), _big("distributor_cents"),
        _big("manufacturer_cents"),
    )  # fmt: skip
    op.create_table(
        "rule_settlement_lines", _key("settlement_id", sa.String(36), sa.ForeignKey(head)), _key("distributor_party_id", sa.BigInteger),
        _key("line_no", sa.Integer), _text("rule_id", 60), _text("funders", 120), _big("points_burned"), _big("burned_subcents"),
        _big("manufacturer_subcents"), _big("distributor_subcents"), _text("title_de", 200), _text("title_en", 200),
    )  # fmt: skip
    op.create_table(
        "rule_settled_transfers", _key("transfer_id", sa.BigInteger, sa.ForeignKey("transfers.transfer_id")),
        sa.Column("settlement_id", sa.String(36), sa.ForeignKey(head), nullable=False),
    )  # fmt: skip
    for table in ("rule_settlements", "rule_settlement_statements", "rule_settlement_lines", "rule_settled_transfers"):
        append_only(op.get_bind(), table)


def _key(name: str, kind: Any, *references: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *references, primary_key=True, autoincrement=False)


def _text(name: str, length: int, *, unique: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, unique=unique)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
