"""Campaigns as they were signed, their launch, and settlements: which burned points were charged to whom, once."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for column in (
        sa.Column("owner_party_id", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("starts_on", sa.Date), sa.Column("ends_on", sa.Date), sa.Column("stopped_on", sa.Date),
        sa.Column("launched_at", UtcTimestamp), sa.Column("hold_out_seed", sa.BigInteger),
    ):  # fmt: skip
        op.add_column("campaigns", column)
    campaign = "campaigns.campaign_id"
    op.create_table(
        "campaign_versions", _key("campaign_id", sa.String(60), sa.ForeignKey(campaign)), _key("version", sa.Integer),
        _text("title_de", 200), _text("title_en", 200), sa.Column("rules_toml", sa.Text, nullable=False),
        sa.Column("co_funder_party_id", sa.BigInteger), sa.Column("hold_out_percent", sa.Integer, nullable=False),
        _text("created_by", 60), sa.Column("created_at", UtcTimestamp, nullable=False),
    )  # fmt: skip
    op.create_table(
        "settlements", _key("settlement_id", sa.String(36)), _text("settlement_no", 80, unique=True),
        sa.Column("campaign_id", sa.String(60), sa.ForeignKey(campaign), nullable=False), _text("programme_id", 60),
        sa.Column("until", sa.Date, nullable=False), _text("money_currency", 10), _big("points_burned"), _big("burned_subcents"),
        _big("burned_cents"), _big("manufacturer_cents"), sa.Column("settled_at", UtcTimestamp, nullable=False), _text("settled_by", 60),
        sa.UniqueConstraint("campaign_id", "until", name="settlements_once"),
    )  # fmt: skip
    op.create_table(
        "settlement_statements", _key("settlement_id", sa.String(36), sa.ForeignKey("settlements.settlement_id")),
        _key("distributor_party_id", sa.BigInteger), _big("points_burned"), _big("burned_subcents"), _big("distributor_subcents"),
        _big("burned_cents"), _big("distributor_cents"), _big("manufacturer_cents"),
    )  # fmt: skip
    op.create_table(
        "settlement_lines", _key("settlement_id", sa.String(36), sa.ForeignKey("settlements.settlement_id")),
        _key("distributor_party_id", sa.BigInteger), _key("line_no", sa.Integer), _text("rule_id", 60), _text("funders", 120),
        _big("points_burned"), _big("burned_subcents"), _big("manufacturer_subcents"), _big("distributor_subcents"),
    )  # fmt: skip
    op.create_table(
        "settled_transfers", _key("transfer_id", sa.BigInteger, sa.ForeignKey("transfers.transfer_id")),
        sa.Column("settlement_id", sa.String(36), sa.ForeignKey("settlements.settlement_id"), nullable=False),
    )  # fmt: skip
    for table in ("campaign_versions", "settlements", "settlement_statements", "settlement_lines", "settled_transfers"):
        append_only(op.get_bind(), table)


def _key(name: str, kind: Any, *references: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *references, primary_key=True, autoincrement=False)


def _text(name: str, length: int, *, unique: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, unique=unique)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
