"""Which transports there are. A new one joins by a line here, a class of options, and a case of the contract tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ingestion.connectors.database import SqlTransport
from ingestion.connectors.folder import DeliveredFolder, FolderTransport
from ingestion.connectors.http import HttpTransport
from ingestion.connectors.inbox import InboxTransport
from ingestion.connectors.model import Transport
from ingestion.connectors.objects import ObjectTransport
from ingestion.connectors.sftp import SftpTransport
from ingestion.profiles.model import Profile

TRANSPORTS: Mapping[str, Callable[[Any], Transport]] = MappingProxyType({
    "folder": FolderTransport,
    "http": HttpTransport,
    "inbox": InboxTransport,
    "object": ObjectTransport,
    "sftp": SftpTransport,
    "sql": SqlTransport,
})  # fmt: skip
"""Kind, as a profile's `[transport]` names it -> what makes the transport from its options."""


def transports_of(profile: Profile) -> tuple[Transport, ...]:
    """The transports of a profile. Without `[transport]`: the delivery's folder for files, `url_variable` for queries."""
    if profile.transport is not None:
        return (TRANSPORTS[profile.transport.kind](profile.transport),)
    transports: list[Transport] = []
    if any(feed.files for feed in profile.feeds):
        transports.append(DeliveredFolder())
    if any(feed.query for feed in profile.feeds):
        transports.append(SqlTransport(None))
    return tuple(transports)
