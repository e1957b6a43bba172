"""Campaigns and settlements are a manufacturer's, or a distributor's in a programme of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    for table in ("campaigns", "rule_settlements"):
        op.add_column(table, sa.Column("owner_role", sa.String(20), nullable=False, server_default="manufacturer"))
