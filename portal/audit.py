"""The audit log: who did what for which partner. Append-only in the database, chained, without secrets."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy import Connection, select, text

from portal.tables import audit_log

AUDIT_LOCK = 7_401_313
"""PostgreSQL advisory lock: the chain has one writer at a time."""


def record(
    connection: Connection, now: datetime, action: str, *, actor: str | None, party_id: int | None, **detail: str | int
) -> None:
    """Append one line. `detail` is written as JSON, so line breaks in names cannot forge a second line."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": AUDIT_LOCK})
    last = connection.execute(select(audit_log.c.chain_hash).order_by(audit_log.c.audit_id.desc()).limit(1)).scalar_one_or_none()
    line = json.dumps(detail, sort_keys=True)
    content = "\x1f".join([last or "", now.isoformat(), actor or "", action, str(party_id or ""), line])
    connection.execute(
        audit_log.insert().values(
            recorded_at=now, actor=actor, action=action, party_id=party_id, detail=line,
            chain_hash=hashlib.sha256(content.encode()).hexdigest(),
        )
    )  # fmt: skip


def verify_audit(connection: Connection) -> list[str]:
    """Findings of the chain; none when no line was changed or removed."""
    chain = ""
    for row in connection.execute(select(audit_log).order_by(audit_log.c.audit_id)):
        content = "\x1f".join(
            [chain, row.recorded_at.isoformat(), row.actor or "", row.action, str(row.party_id or ""), row.detail]
        )
        chain = hashlib.sha256(content.encode()).hexdigest()
        if chain != row.chain_hash:
            return [f"the audit log breaks at line {row.audit_id}"]
    return []
