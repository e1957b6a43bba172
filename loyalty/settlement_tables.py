"""Campaigns as they were signed, and settlements: which burned points were charged to whom. Everything here is append-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from core.store import UtcTimestamp, metadata

campaign_versions = Table(
    "campaign_versions", metadata,
    Column("campaign_id", String(60), ForeignKey("campaigns.campaign_id"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title_de", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("rules_toml", Text, nullable=False),
    Column("co_funder_party_id", BigInteger),
    Column("hold_out_percent", Integer, nullable=False),
    Column("created_by", String(60), nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
)  # fmt: skip
"""What a signature is about."""

settlements = Table(
    "settlements", metadata,
    Column("settlement_id", String(36), primary_key=True),
    Column("settlement_no", String(80), nullable=False, unique=True),
    Column("campaign_id", String(60), ForeignKey("campaigns.campaign_id"), nullable=False),
    Column("programme_id", String(60), nullable=False),
    Column("until", Date, nullable=False),
    Column("money_currency", String(10), nullable=False),
    Column("points_burned", BigInteger, nullable=False),
    Column("burned_subcents", BigInteger, nullable=False),
    Column("burned_cents", BigInteger, nullable=False),
    Column("manufacturer_cents", BigInteger, nullable=False),
    Column("settled_at", UtcTimestamp, nullable=False),
    Column("settled_by", String(60), nullable=False),
    UniqueConstraint("campaign_id", "until", name="settlements_once"),
)  # fmt: skip
"""One per campaign and last day of the books that it covers. `manufacturer_cents` is what all distributors' shares leave of
`burned_cents`: the manufacturer takes what rounding leaves."""

settlement_statements = Table(
    "settlement_statements", metadata,
    Column("settlement_id", String(36), ForeignKey("settlements.settlement_id"), primary_key=True),
    Column("distributor_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("points_burned", BigInteger, nullable=False),
    Column("burned_subcents", BigInteger, nullable=False),
    Column("distributor_subcents", BigInteger, nullable=False),
    Column("burned_cents", BigInteger, nullable=False),
    Column("distributor_cents", BigInteger, nullable=False),
    Column("manufacturer_cents", BigInteger, nullable=False),
)  # fmt: skip
"""One per settlement and distributor whose sales earned points that were burned."""

settlement_lines = Table(
    "settlement_lines", metadata,
    Column("settlement_id", String(36), ForeignKey("settlements.settlement_id"), primary_key=True),
    Column("distributor_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("rule_id", String(60), nullable=False),
    Column("funders", String(120), nullable=False),
    Column("points_burned", BigInteger, nullable=False),
    Column("burned_subcents", BigInteger, nullable=False),
    Column("manufacturer_subcents", BigInteger, nullable=False),
    Column("distributor_subcents", BigInteger, nullable=False),
)  # fmt: skip
"""One per rule and split of the costs. Negative where cancelled redemptions outweigh new ones."""

rule_settlements = Table(
    "rule_settlements", metadata,
    Column("settlement_id", String(36), primary_key=True),
    Column("settlement_no", String(80), nullable=False, unique=True),
    Column("programme_id", String(60), nullable=False),
    Column("owner_party_id", BigInteger, nullable=False),
    Column("title_de", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("until", Date, nullable=False),
    Column("money_currency", String(10), nullable=False),
    Column("points_burned", BigInteger, nullable=False),
    Column("burned_subcents", BigInteger, nullable=False),
    Column("burned_cents", BigInteger, nullable=False),
    Column("manufacturer_cents", BigInteger, nullable=False),
    Column("settled_at", UtcTimestamp, nullable=False),
    Column("settled_by", String(60), nullable=False),
    Column("owner_role", String(20), nullable=False, server_default="manufacturer"),
    UniqueConstraint("programme_id", "until", name="rule_settlements_once"),
)  # fmt: skip
"""One per programme and last day of the books that it covers: burned points of rules outside campaigns. `owner_role`: whether the programme
is a manufacturer's or a distributor's."""

rule_settlement_statements = Table(
    "rule_settlement_statements", metadata,
    Column("settlement_id", String(36), ForeignKey("rule_settlements.settlement_id"), primary_key=True),
    Column("distributor_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("points_burned", BigInteger, nullable=False),
    Column("burned_subcents", BigInteger, nullable=False),
    Column("distributor_subcents", BigInteger, nullable=False),
    Column("burned_cents", BigInteger, nullable=False),
    Column("distributor_cents", BigInteger, nullable=False),
    Column("manufacturer_cents", BigInteger, nullable=False),
)  # fmt: skip
"""One per settlement and distributor that pays a share; distributor 0: what the manufacturer bears alone."""

rule_settlement_lines = Table(
    "rule_settlement_lines", metadata,
    Column("settlement_id", String(36), ForeignKey("rule_settlements.settlement_id"), primary_key=True),
    Column("distributor_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("rule_id", String(60), nullable=False),
    Column("funders", String(120), nullable=False),
    Column("points_burned", BigInteger, nullable=False),
    Column("burned_subcents", BigInteger, nullable=False),
    Column("manufacturer_subcents", BigInteger, nullable=False),
    Column("distributor_subcents", BigInteger, nullable=False),
    Column("title_de", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
)  # fmt: skip
"""One per rule and split of the costs, with the rule's title as it was."""

rule_settled_transfers = Table(
    "rule_settled_transfers", metadata,
    Column("transfer_id", BigInteger, ForeignKey("transfers.transfer_id"), primary_key=True, autoincrement=False),
    Column("settlement_id", String(36), ForeignKey("rule_settlements.settlement_id"), nullable=False),
)  # fmt: skip
"""Each burned (or given back) transfer is charged once: the key sees to it."""

settled_transfers = Table(
    "settled_transfers", metadata,
    Column("transfer_id", BigInteger, ForeignKey("transfers.transfer_id"), primary_key=True, autoincrement=False),
    Column("settlement_id", String(36), ForeignKey("settlements.settlement_id"), nullable=False),
)  # fmt: skip
"""Each burned (or given back) transfer is charged once: the key sees to it."""
