"""Cases under review: what looks like gaming is held before its points are posted, with a reason, and people decide.

facts (mart) --candidates, set-based--> scoring (pure) --hits--> cases: open -> answered by the partner -> cleared: posted by the next run
                                                                                       \\-> confirmed: an entry without points, with the reason
"""

from loyalty.review.cases import (
    ReviewCase,
    answer_case,
    case_history,
    cases_of_decider,
    cases_of_member,
    decide_case,
    orders_waiting,
)
from loyalty.review.gate import review_before_posting
from loyalty.review.settings import DetectorSettings
from loyalty.review.wording import describe_case

__all__ = [
    "DetectorSettings", "ReviewCase", "answer_case", "case_history", "cases_of_decider", "cases_of_member", "decide_case", "describe_case",
    "orders_waiting", "review_before_posting",
]  # fmt: skip
