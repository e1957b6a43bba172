"""A retailer asks whether its order arrived: what it reported as received stands below the order's lines, and nothing where nothing was."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

ARRIVED = pd.DataFrame(
    {
        "product": ["Crema 1 kg"],
        "ordered_quantity": [10.0],
        "accepted_quantity": [8.0],
        "rejected_quantity": [2.0],
        "reason": ["damaged"],
    }
)


def script(received):  # type: ignore[no-untyped-def]
    """The page over one order."""
    import pandas as pd

    from dashboards.queries import retailer as queries
    from dashboards.texts import text
    from dashboards.views.retailer import orders

    asked = {
        queries.MONTHLY: pd.DataFrame({"month_on": [pd.Timestamp("2026-06-01")], "orders": [1], "net_amount_cents": [100]}),
        queries.ORDERS: pd.DataFrame({"document_no": ["A-1"]}), queries.ORDER_LINES: pd.DataFrame({"product": ["Crema 1 kg"]}),
        queries.RECEIPTS: received,
    }  # fmt: skip

    class Context:
        language = "en"

        def text(self, key, **values):  # type: ignore[no-untyped-def]
            return text("en", key, **values)

        def row(self, query):  # type: ignore[no-untyped-def]
            return {"as_of": None, "orders_under_way": 0, "orders_late": 0, "orders_12m": 1}

        def frame(self, query, filters=None):  # type: ignore[no-untyped-def]
            assert query is not queries.RECEIPTS or filters == {"document_no": "A-1"}
            return asked[query]

    orders(Context())  # type: ignore[arg-type]


@pytest.mark.parametrize(("received", "titles"), [(ARRIVED, 1), (ARRIVED.head(0), 0)], ids=["reported", "not reported"])
def test_what_arrived_stands_below_the_order(received: pd.DataFrame, titles: int) -> None:
    page = AppTest.from_function(script, args=(received,)).run(timeout=30)
    assert not page.exception
    assert [one.value for one in page.subheader].count("What arrived of A-1") == titles
    headed = [list(table.value.columns) for table in page.dataframe]
    assert any("Missing or rejected" in str(names) or "rejected_quantity" in names for names in headed) == bool(titles)
