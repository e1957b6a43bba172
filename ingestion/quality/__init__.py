"""The quality gate before every publish. Great Expectations is imported here and nowhere else, and only when a gate runs."""

from ingestion.quality.controls import write_controls
from ingestion.quality.gate import GateResult, run_gate, warm_up
from ingestion.quality.quick import run_quick_gate

__all__ = ["GateResult", "run_gate", "run_quick_gate", "warm_up", "write_controls"]
