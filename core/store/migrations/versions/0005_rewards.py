"""Whose reward it is, the basket that waits for its order, and the histories of rewards and of cases under review."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0005"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("rewards", sa.Column("owner_party_id", sa.BigInteger))
    op.create_index("reward_orders_distributor", "reward_orders", ["distributor_party_id", "status"])
    op.create_index("review_cases_member", "review_cases", ["member_party_id"])
    op.create_table(
        "reward_changes",
        sa.Column("change_no", ID, primary_key=True),
        sa.Column("reward_id", sa.String(36), sa.ForeignKey("rewards.reward_id"), nullable=False),
        sa.Column("change", sa.String(20), nullable=False),
        sa.Column("quantity", sa.Integer),
        sa.Column("recorded_at", UtcTimestamp, nullable=False),
        sa.Column("actor", sa.String(60)),
    )
    op.create_table(
        "reward_baskets",
        sa.Column("programme_id", sa.String(60), primary_key=True),
        sa.Column("user_id", sa.String(60), primary_key=True),
        sa.Column("basket_key", sa.String(36), nullable=False),
        sa.Column("contents", sa.Text, nullable=False),
        sa.Column("changed_at", UtcTimestamp, nullable=False),
    )
    op.create_table(
        "review_case_events",
        sa.Column("event_no", ID, primary_key=True),
        sa.Column("case_id", sa.String(36), sa.ForeignKey("review_cases.case_id"), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("recorded_at", UtcTimestamp, nullable=False),
        sa.Column("actor", sa.String(60)),
        sa.Column("note", sa.String(1000), nullable=False),
    )
    for table in ("reward_changes", "review_case_events"):
        append_only(op.get_bind(), table)
