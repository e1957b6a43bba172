"""The run, composed of ingestion, models, ledger and publishing. The one room that knows them all; commands start it."""

from pipeline.run import STEPS, Delivery, Pipeline, Reporting, RunResult

__all__ = ["STEPS", "Delivery", "Pipeline", "Reporting", "RunResult"]
