"""Open invoices: what is overdue is said only where payments are reported."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

LIST = pd.DataFrame({"invoice_no": ["R-1"], "open_cents": [5000], "currency": ["EUR"], "payment_status": ["open"]})
SUMS = {
    "currency": "EUR", "as_of": pd.Timestamp("2026-06-27"), "open_cents": 5000, "overdue_cents": 2000, "invoices_overdue": 1, "unallocated_cents": 700,
}  # fmt: skip


def script(rows, listed):  # type: ignore[no-untyped-def]
    """The page over these answers."""

    import pandas as pd

    from dashboards.queries import invoices as queries
    from dashboards.texts import text
    from dashboards.views.invoices import invoices

    class Context:
        language = "de"

        def text(self, key, **values):  # type: ignore[no-untyped-def]
            return text("de", key, **values)

        def frame(self, query, filters=None):  # type: ignore[no-untyped-def]
            return pd.DataFrame(rows) if query is queries.OPEN_SUMS else listed

    invoices(Context())  # type: ignore[arg-type]


@pytest.mark.parametrize(("settlements", "labels", "tables"), [
    (0, ["Berechnet"], 1), (3, ["Offen", "Davon überfällig", "Rechnungen überfällig", "Nicht zugeordnet"], 2),
])  # fmt: skip
def test_overdue_needs_payments(settlements: int, labels: list[str], tables: int) -> None:
    page = AppTest.from_function(script, args=([{**SUMS, "settlements": settlements}], LIST)).run(timeout=30)
    assert not page.exception
    assert [metric.label for metric in page.metric] == labels
    assert len(page.dataframe) == tables
    assert any("keine Zahlungen gemeldet" in one.value for one in page.markdown) == (settlements == 0)


def test_nothing_yet_says_what_to_do() -> None:
    page = AppTest.from_function(script, args=([], LIST)).run(timeout=30)
    assert not page.exception
    assert not page.metric
    shown = " ".join(one.value for one in [*page.markdown, *page.info])
    assert "Kontoauszügen" in shown
