"""The web process: Streamlit's pages with our routes and gate around them, in one ASGI application."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.middleware import Middleware

from core.clock import SystemClock, random_token
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.reader import Serving
from dashboards.access.routes import routes
from dashboards.access.security import Gate
from dashboards.runtime import Runtime, install
from portal import SessionLimits

SCRIPT = Path(__file__).parent / "app.py"


def make_runtime(settings: Settings) -> Runtime:
    """The services of a web process; brings the store to the newest schema."""
    store = open_store(settings.resolved_store_url())
    migrate(store)
    return Runtime(settings, store, Serving(settings.warehouse_dir), SystemClock(), random_token, SessionLimits.of(settings))


def make_app(runtime: Runtime) -> Any:
    """The ASGI application. Install order matters: the gate sees every request first."""
    from streamlit.starlette import App

    install(runtime)
    return App(
        SCRIPT,
        lifespan=_lifespan,
        routes=routes(),
        middleware=[Middleware(Gate, public_hosts=runtime.settings.public_hosts)],
    )


def serve(settings: Settings) -> None:
    """Serve until interrupted."""
    app = make_app(make_runtime(settings))
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
    )


@asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Load the heavy libraries once and freeze them: a full collection after every rerun then has little to look at.

    Requests are not logged: addresses hold what people filter by, such as document numbers. Streamlit gives the server's logger
    a handler of its own, so it is silenced here, after both have configured it.
    """
    import pandas  # noqa: F401
    import plotly.graph_objects  # noqa: F401
    import pyarrow  # noqa: F401

    logging.getLogger("uvicorn.access").disabled = True
    gc.collect()
    gc.freeze()
    yield {}
