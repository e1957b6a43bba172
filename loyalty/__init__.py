"""The points programme and its ledger: what orders earn, posted once, with a reason behind every point."""

from loyalty.auditing import EXPORT_COLUMNS, VerifyReport, reconcile, seal, transfers_after, verify
from loyalty.domain.programme import Programme, Rule
from loyalty.domain.terms import describe
from loyalty.evaluated import EvaluatedDocument, NoAward, RunningCampaign
from loyalty.evaluation import evaluate
from loyalty.explaining import re_evaluate
from loyalty.files import active_programmes, list_programmes, load_programme
from loyalty.posting import PostingReport, post_awards
from loyalty.previewing import Basket, BasketLine, Preview, preview
from loyalty.redeeming import Redemption, redeem
from loyalty.statement import Balance, Entry, Statement, statement

__all__ = [
    "EXPORT_COLUMNS",
    "Balance",
    "Basket",
    "BasketLine",
    "Entry",
    "EvaluatedDocument",
    "NoAward",
    "PostingReport",
    "Preview",
    "Programme",
    "Redemption",
    "Rule",
    "RunningCampaign",
    "Statement",
    "VerifyReport",
    "active_programmes",
    "describe",
    "evaluate",
    "list_programmes",
    "load_programme",
    "post_awards",
    "preview",
    "re_evaluate",
    "reconcile",
    "redeem",
    "seal",
    "statement",
    "transfers_after",
    "verify",
]  # fmt: skip
