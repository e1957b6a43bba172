"""Intake that learns: an unknown file is looked at, a mapping is proposed, a person confirms it once, and the next one needs nothing.

file --sniff--> Layout --propose--> Proposal --a person answers what is open--> FeedProfile, kept under the layout's fingerprint
"""

from ingestion.intake.layouts import (
    LearnedLayout,
    confirm_layout,
    forget_layout,
    is_of_layout,
    learned_deliveries,
    list_layouts,
)
from ingestion.intake.proposing import REASONS, ColumnProposal, Proposal, Question, answered, propose
from ingestion.intake.sniffing import Layout, sniff
from ingestion.intake.trying import Trial, try_layout

__all__ = [
    "REASONS", "ColumnProposal", "Layout", "LearnedLayout", "Proposal", "Question", "Trial", "answered", "confirm_layout", "forget_layout",
    "is_of_layout", "learned_deliveries", "list_layouts", "propose", "sniff", "try_layout",
]  # fmt: skip
