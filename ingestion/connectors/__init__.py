"""Connectors: a transport brings a delivery's bytes, a format reads them, a profile ties both together (docs/connectors.md)."""

from ingestion.connectors.model import Item, Pull, Transport
from ingestion.connectors.pulling import Chunk, pull_chunks
from ingestion.connectors.registry import TRANSPORTS, transports_of

__all__ = ["TRANSPORTS", "Chunk", "Item", "Pull", "Transport", "pull_chunks", "transports_of"]
