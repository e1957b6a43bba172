"""What surrounds the ledger: tiers, campaigns, rewards and their orders, events, cases under review, badges."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from core.store import UtcTimestamp, metadata
from loyalty.tables import ID

tier_spans = Table(
    "tier_spans", metadata,
    Column("programme_id", String(60), primary_key=True),
    Column("member_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("decision_no", Integer, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("tier", String(60), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("valid_until", Date),
    Column("reason", String(20), nullable=False),
    Column("qualifying_points", BigInteger, nullable=False),
    Column("notice_on", Date),
    Column("points_missing", BigInteger, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
)  # fmt: skip
"""Append-only. The spans of a member's highest `decision_no` are its history as known now; lower ones are what was known before."""

campaigns = Table(
    "campaigns", metadata,
    Column("campaign_id", String(60), primary_key=True),
    Column("programme_id", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("title_de", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("rules_toml", Text, nullable=False),
    Column("co_funder_party_id", BigInteger),
    Column("hold_out_percent", Integer, nullable=False),
    Column("created_by", String(60)),
    Column("changed_at", UtcTimestamp, nullable=False),
    Column("simulation", Text),
    Column("owner_party_id", BigInteger, nullable=False, server_default="0"),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("stopped_on", Date),
    Column("launched_at", UtcTimestamp),
    Column("hold_out_seed", BigInteger),
    Column("owner_role", String(20), nullable=False, server_default="manufacturer"),
    CheckConstraint("status in ('draft', 'simulated', 'signed', 'running', 'ended', 'settled', 'withdrawn')", name="campaigns_status"),
)  # fmt: skip

campaign_signatures = Table(
    "campaign_signatures", metadata,
    Column("campaign_id", String(60), ForeignKey("campaigns.campaign_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("party_id", BigInteger, primary_key=True),
    Column("role", String(20), nullable=False),
    Column("signed_by", String(60), nullable=False),
    Column("signed_at", UtcTimestamp, nullable=False),
)  # fmt: skip
"""Append-only. A signature is for one version: an edit makes another, which nobody has signed."""

campaign_members = Table(
    "campaign_members", metadata,
    Column("campaign_id", String(60), ForeignKey("campaigns.campaign_id"), primary_key=True),
    Column("member_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("is_held_out", Integer, nullable=False),
)  # fmt: skip
"""Append-only. Who takes part and who is held out for comparison, drawn before the launch."""

programme_events = Table(
    "programme_events", metadata,
    Column("event_id", String(36), primary_key=True),
    Column("event_key", String(200), nullable=False, unique=True),
    Column("programme_id", String(60), nullable=False),
    Column("member_party_id", BigInteger, nullable=False),
    Column("distributor_party_id", BigInteger, nullable=False),
    Column("event", String(60), nullable=False),
    Column("title", String(200), nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
)  # fmt: skip
"""Append-only. A training passed, a month of good data, a challenge reached: what rules of leg `event` reward."""

programme_event_actions = Table(
    "programme_event_actions", metadata,
    Column("action_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event_id", String(36), ForeignKey("programme_events.event_id"), nullable=False, index=True),
    Column("is_undone", Integer, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60), nullable=False),
)  # fmt: skip
"""Append-only. An event is taken back, or stands again; the newest action of an event holds."""

rewards = Table(
    "rewards", metadata,
    Column("reward_id", String(36), primary_key=True),
    Column("programme_id", String(60), nullable=False),
    Column("title_de", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("stock", Integer),
    Column("limit_per_member", Integer),
    Column("from_tier", String(60)),
    Column("status", String(20), nullable=False),
    Column("owner_party_id", BigInteger),
    CheckConstraint("points > 0", name="rewards_points"),
    CheckConstraint("stock is null or stock >= 0", name="rewards_stock"),
    CheckConstraint("status in ('offered', 'withdrawn')", name="rewards_status"),
)  # fmt: skip
"""`stock` and `limit_per_member` null: no limit. `owner_party_id`: the distributor whose reward it is; null: the manufacturer's."""

reward_orders = Table(
    "reward_orders", metadata,
    Column("reward_order_id", String(36), primary_key=True),
    Column("order_key", String(200), nullable=False, unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("order_no", String(40), nullable=False, unique=True),
    Column("programme_id", String(60), nullable=False),
    Column("member_party_id", BigInteger, nullable=False),
    Column("distributor_party_id", BigInteger, nullable=False),
    Column("hold_id", String(36), ForeignKey("holds.hold_id"), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("status", String(20), nullable=False),
    Column("ordered_at", UtcTimestamp, nullable=False),
    Column("ordered_by", String(60)),
    CheckConstraint("status in ('ordered', 'shipped', 'delivered', 'cancelled')", name="reward_orders_status"),
    Index("reward_orders_member", "member_party_id", "ordered_at"),
    Index("reward_orders_distributor", "distributor_party_id", "status"),
)  # fmt: skip

reward_order_lines = Table(
    "reward_order_lines", metadata,
    Column("reward_order_id", String(36), ForeignKey("reward_orders.reward_order_id"), primary_key=True),
    Column("reward_id", String(36), ForeignKey("rewards.reward_id"), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("quantity_cancelled", Integer, nullable=False),
    Column("points_each", BigInteger, nullable=False),
    CheckConstraint("quantity > 0 and quantity_cancelled between 0 and quantity", name="reward_order_lines_quantity"),
)  # fmt: skip

reward_order_events = Table(
    "reward_order_events", metadata,
    Column("event_no", ID, primary_key=True),
    Column("reward_order_id", String(36), ForeignKey("reward_orders.reward_order_id"), nullable=False),
    Column("status", String(20), nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
    Column("note", String(300), nullable=False),
)  # fmt: skip
"""Append-only: what happened to an order of rewards."""

review_cases = Table(
    "review_cases", metadata,
    Column("case_id", String(36), primary_key=True),
    Column("case_key", String(250), nullable=False, unique=True),
    Column("programme_id", String(60), nullable=False),
    Column("order_id", String(20), nullable=False),
    Column("source_id", String(60), nullable=False),
    Column("document_no", String(120), nullable=False),
    Column("member_party_id", BigInteger, nullable=False),
    Column("distributor_party_id", BigInteger, nullable=False),
    Column("reason_code", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("answer", String(1000), nullable=False),
    Column("opened_at", UtcTimestamp, nullable=False),
    Column("changed_at", UtcTimestamp, nullable=False),
    Column("changed_by", String(60)),
    CheckConstraint("status in ('open', 'answered', 'cleared', 'confirmed')", name="review_cases_status"),
    Index("review_cases_member", "member_party_id"),
)  # fmt: skip
"""Documents whose points wait because a pattern looks like gaming. `detail` holds the figures as JSON. `cleared`: the points are posted;
`confirmed`: they are not."""

review_case_events = Table(
    "review_case_events", metadata,
    Column("event_no", ID, primary_key=True),
    Column("case_id", String(36), ForeignKey("review_cases.case_id"), nullable=False),
    Column("status", String(20), nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
    Column("note", String(1000), nullable=False),
)  # fmt: skip
"""Append-only: who did what with a case."""

reward_changes = Table(
    "reward_changes", metadata,
    Column("change_no", ID, primary_key=True),
    Column("reward_id", String(36), ForeignKey("rewards.reward_id"), nullable=False),
    Column("change", String(20), nullable=False),
    Column("quantity", Integer),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
)  # fmt: skip
"""Append-only: who added, restocked, withdrew or offered a reward again."""

reward_baskets = Table(
    "reward_baskets", metadata,
    Column("programme_id", String(60), primary_key=True),
    Column("user_id", String(60), primary_key=True),
    Column("basket_key", String(36), nullable=False),
    Column("contents", Text, nullable=False),
    Column("changed_at", UtcTimestamp, nullable=False),
)  # fmt: skip
"""What a person has put together and not ordered yet, for all of its windows. `basket_key` becomes the key of the order."""

badges = Table(
    "badges", metadata,
    Column("programme_id", String(60), primary_key=True),
    Column("member_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("challenge_id", String(60), primary_key=True),
    Column("badge", String(60), nullable=False),
    Column("reached_on", Date, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
)  # fmt: skip
"""Append-only."""

opt_outs = Table(
    "opt_outs", metadata,
    Column("programme_id", String(60), primary_key=True),
    Column("member_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("opted_out_at", UtcTimestamp, nullable=False),
)  # fmt: skip
"""Members that take no part in challenges and leagues."""
