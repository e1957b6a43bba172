"""The ledger in full (pending, holds, caps, merges, closed periods) and what surrounds it (tiers, campaigns, rewards, cases)."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0003"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OLD_KINDS = "kind in ('award', 'reversal', 'redeem')"
NEW_KINDS = "kind in ('award', 'reversal', 'confirm', 'hold', 'capture', 'release', 'redeem', 'cancel', 'expire', 'no_award')"


def text(name: str, length: int, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=null)


def party(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null)


def moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcTimestamp, nullable=null)


def key(name: str, kind: Any, *references: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *references, primary_key=True, autoincrement=False)


def upgrade() -> None:
    _widen_ledger()
    _ledger_tables()
    _programme_tables()
    _reward_tables()
    for table in ("lot_terms", "cap_uses", "member_merges", "closed_periods", "tier_spans", "campaign_signatures", "campaign_members",
                  "programme_events", "reward_order_events", "badges"):  # fmt: skip
        append_only(op.get_bind(), table)


def _widen_ledger() -> None:
    for column in (sa.Column("booked_on", sa.Date), sa.Column("points_decided", sa.BigInteger), text("tier", 60, null=True),
                   party("distributor_party_id", null=True), text("campaign_id", 60, null=True)):  # fmt: skip
        op.add_column("journal", column)
    op.add_column("lots", sa.Column("idle_months", sa.Integer))
    op.add_column("lots", text("funders", 120, null=True))
    op.add_column("members", sa.Column("points_pending", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("members", sa.Column("points_held", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("members", moment("last_activity_at", null=True))
    op.execute(
        """update members set last_activity_at = (
               select max(journal.effective_at) from journal
               where journal.member_party_id = members.member_party_id and journal.programme_id = members.programme_id
                   and journal.currency = members.currency and journal.kind in ('award', 'redeem'))"""
    )
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("journal_kind", "journal")
        op.create_check_constraint("journal_kind", "journal", NEW_KINDS)
        op.alter_column("lots", "available_at", nullable=True)
        return
    # SQLite has no statement for this; changing the text of a rule that only becomes wider is its documented way
    connection = op.get_bind()
    connection.exec_driver_sql("pragma writable_schema = on")
    for table, before, after in (
        ("journal", OLD_KINDS, NEW_KINDS),
        ("lots", "available_at DATETIME NOT NULL", "available_at DATETIME"),
    ):
        changed = connection.exec_driver_sql(
            "update sqlite_schema set sql = replace(sql, ?, ?) where type = 'table' and name = ? and instr(sql, ?) > 0",
            (before, after, table, before),
        )
        if changed.rowcount != 1:
            raise RuntimeError(f"the table {table} is not as revision 0002 left it")
    version = connection.exec_driver_sql("pragma schema_version").scalar_one()
    connection.exec_driver_sql(f"pragma schema_version = {int(version) + 1}")
    connection.exec_driver_sql("pragma writable_schema = reset")


def _ledger_tables() -> None:
    journal, lot = sa.ForeignKey("journal.journal_id"), sa.ForeignKey("lots.lot_id")
    op.create_table("lot_terms", key("lot_id", sa.BigInteger, lot), sa.Column("journal_id", sa.BigInteger, journal, nullable=False),
                    moment("available_at"), moment("expires_at", null=True))  # fmt: skip
    op.create_table(
        "holds", key("hold_id", sa.String(36)),
        sa.Column("journal_id", sa.BigInteger, sa.ForeignKey("journal.journal_id"), nullable=False, unique=True),
        party("member_party_id"), text("programme_id", 60), text("currency", 20), sa.Column("points", sa.BigInteger, nullable=False),
        text("status", 20), moment("expires_at"), moment("resolved_at", null=True),
        sa.CheckConstraint("status in ('open', 'captured', 'released', 'timed_out')", name="holds_status"),
    )  # fmt: skip
    op.create_table("caps", key("cap_key", sa.String(200)), sa.Column("points_used", sa.BigInteger, nullable=False),
                    sa.CheckConstraint("points_used >= 0", name="caps_used"))  # fmt: skip
    op.create_table("cap_uses", key("cap_key", sa.String(200)), key("journal_id", sa.BigInteger, sa.ForeignKey("journal.journal_id")),
                    sa.Column("points", sa.BigInteger, nullable=False))  # fmt: skip
    op.create_table(
        "member_merges", sa.Column("merge_id", ID, primary_key=True), party("member_party_id"), party("into_party_id"),
        sa.Column("is_undone", sa.Integer, nullable=False), moment("recorded_at"), text("actor", 60, null=True), text("reason", 300),
    )  # fmt: skip
    op.create_table("closed_periods", key("programme_id", sa.String(60)), key("closed_until", sa.Date), moment("closed_at"),
                    text("actor", 60, null=True))  # fmt: skip


def _programme_tables() -> None:
    op.create_table(
        "tier_spans", key("programme_id", sa.String(60)), key("member_party_id", sa.BigInteger), key("decision_no", sa.Integer),
        key("ordinal", sa.Integer), text("tier", 60), sa.Column("from_on", sa.Date, nullable=False), sa.Column("valid_until", sa.Date),
        text("reason", 20), sa.Column("qualifying_points", sa.BigInteger, nullable=False), sa.Column("notice_on", sa.Date),
        sa.Column("points_missing", sa.BigInteger, nullable=False), moment("recorded_at"),
    )  # fmt: skip
    op.create_table(
        "campaigns", key("campaign_id", sa.String(60)), text("programme_id", 60), sa.Column("version", sa.Integer, nullable=False),
        text("status", 20), text("title_de", 200), text("title_en", 200), sa.Column("rules_toml", sa.Text, nullable=False),
        party("co_funder_party_id", null=True), sa.Column("hold_out_percent", sa.Integer, nullable=False),
        text("created_by", 60, null=True), moment("changed_at"), sa.Column("simulation", sa.Text),
        sa.CheckConstraint(
            "status in ('draft', 'simulated', 'signed', 'running', 'ended', 'settled', 'withdrawn')", name="campaigns_status"
        ),
    )  # fmt: skip
    op.create_table("campaign_signatures", key("campaign_id", sa.String(60), sa.ForeignKey("campaigns.campaign_id")), key("version", sa.Integer),
                    key("party_id", sa.BigInteger), text("role", 20), text("signed_by", 60), moment("signed_at"))  # fmt: skip
    op.create_table("campaign_members", key("campaign_id", sa.String(60), sa.ForeignKey("campaigns.campaign_id")), key("member_party_id", sa.BigInteger),
                    sa.Column("is_held_out", sa.Integer, nullable=False))  # fmt: skip
    op.create_table(
        "programme_events", key("event_id", sa.String(36)), sa.Column("event_key", sa.String(200), nullable=False, unique=True),
        text("programme_id", 60), party("member_party_id"), party("distributor_party_id"), text("event", 60), text("title", 200),
        sa.Column("occurred_on", sa.Date, nullable=False), moment("recorded_at"), text("actor", 60, null=True),
    )  # fmt: skip
    op.create_table(
        "review_cases", key("case_id", sa.String(36)), sa.Column("case_key", sa.String(250), nullable=False, unique=True),
        text("programme_id", 60), text("order_id", 20), text("source_id", 60), text("document_no", 120), party("member_party_id"),
        party("distributor_party_id"), text("reason_code", 40), sa.Column("detail", sa.Text, nullable=False), text("status", 20),
        text("answer", 1000), moment("opened_at"), moment("changed_at"), text("changed_by", 60, null=True),
        sa.CheckConstraint("status in ('open', 'answered', 'cleared', 'confirmed')", name="review_cases_status"),
    )  # fmt: skip
    op.create_table("badges", key("programme_id", sa.String(60)), key("member_party_id", sa.BigInteger), key("challenge_id", sa.String(60)),
                    text("badge", 60), sa.Column("reached_on", sa.Date, nullable=False), moment("recorded_at"))  # fmt: skip
    op.create_table("opt_outs", key("programme_id", sa.String(60)), key("member_party_id", sa.BigInteger), moment("opted_out_at"))


def _reward_tables() -> None:
    op.create_table(
        "rewards", key("reward_id", sa.String(36)), text("programme_id", 60), text("title_de", 200), text("title_en", 200),
        sa.Column("points", sa.BigInteger, nullable=False), sa.Column("stock", sa.Integer), sa.Column("limit_per_member", sa.Integer),
        text("from_tier", 60, null=True), text("status", 20), sa.CheckConstraint("points > 0", name="rewards_points"),
        sa.CheckConstraint("stock is null or stock >= 0", name="rewards_stock"),
        sa.CheckConstraint("status in ('offered', 'withdrawn')", name="rewards_status"),
    )  # fmt: skip
    op.create_table(
        "reward_orders", key("reward_order_id", sa.String(36)), sa.Column("order_key", sa.String(200), nullable=False, unique=True),
        text("request_hash", 64), sa.Column("order_no", sa.String(40), nullable=False, unique=True), text("programme_id", 60),
        party("member_party_id"), party("distributor_party_id"),
        sa.Column("hold_id", sa.String(36), sa.ForeignKey("holds.hold_id"), nullable=False), sa.Column("points", sa.BigInteger, nullable=False),
        text("status", 20), moment("ordered_at"), text("ordered_by", 60, null=True),
        sa.CheckConstraint("status in ('ordered', 'shipped', 'delivered', 'cancelled')", name="reward_orders_status"),
    )  # fmt: skip
    op.create_index("reward_orders_member", "reward_orders", ["member_party_id", "ordered_at"])
    op.create_table(
        "reward_order_lines", key("reward_order_id", sa.String(36), sa.ForeignKey("reward_orders.reward_order_id")),
        key("reward_id", sa.String(36), sa.ForeignKey("rewards.reward_id")), sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("quantity_cancelled", sa.Integer, nullable=False), sa.Column("points_each", sa.BigInteger, nullable=False),
        sa.CheckConstraint("quantity > 0 and quantity_cancelled between 0 and quantity", name="reward_order_lines_quantity"),
    )  # fmt: skip
    op.create_table(
        "reward_order_events", sa.Column("event_no", ID, primary_key=True),
        sa.Column("reward_order_id", sa.String(36), sa.ForeignKey("reward_orders.reward_order_id"), nullable=False), text("status", 20),
        moment("recorded_at"), text("actor", 60, null=True), text("note", 300),
    )  # fmt: skip
