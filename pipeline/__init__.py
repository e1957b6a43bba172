"""The run, composed of ingestion, models, ledger and publishing. The one room that knows them all; commands start it."""

from pipeline.alerts import Alerts
from pipeline.inbox import DeadLetter, dead_letters, revive
from pipeline.lease import Lease, hold_lease
from pipeline.run import STEPS, Delivery, Part, Pipeline, Reporting, RunResult
from pipeline.service import Service
from pipeline.sources import Source, load_sources

__all__ = [
    "STEPS", "Alerts", "DeadLetter", "Delivery", "Lease", "Part", "Pipeline", "Reporting", "RunResult", "Service", "Source", "dead_letters",
    "hold_lease", "load_sources", "revive",
]  # fmt: skip
