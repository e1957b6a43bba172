"""What a profile may say about where a delivery's bytes come from: one class of options per transport (docs/connectors.md).

Secrets never stand here: an option whose name ends in `_variable` names an environment variable that is read at run time.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingestion.profiles.base import Strict
from ingestion.profiles.http import HttpOptions
from ingestion.profiles.remote import ObjectOptions, SftpOptions


class FolderOptions(Strict):
    """A folder that a partner writes to. Known files (name, size, time of change) are not read again.

    A file is taken when it did not change for `stable_seconds`, or, with `complete_marker`, when the marker file lies beside it:
    `orders.csv` and `orders.csv.done`.
    """

    kind: Literal["folder"]
    path: str | None = Field(None, description="the folder; `inbox/<source>` below the home directory when not given")
    stable_seconds: float = Field(2.0, ge=0, le=60, description="how long a file's size and time must stand still")
    complete_marker: str | None = Field(None, pattern=r"^\.[A-Za-z0-9._-]+$", description="suffix of the marker file, e.g. .done")


class SqlOptions(Strict):
    """A partner's database, read by the feeds' queries."""

    kind: Literal["sql"]
    url_variable: str = Field(description="environment variable with the SQLAlchemy URL")
    driver: Literal["sqlalchemy", "adbc"] = Field("sqlalchemy", description="adbc is faster; SQLite and PostgreSQL only")
    timeout_seconds: int = Field(600, ge=1, le=86_400, description="how long one query may take")


class InboxOptions(Strict):
    """What partners push to the HTTP inbox: messages of a format with one record a line are read many at a time."""

    kind: Literal["inbox"]
    messages_per_file: int = Field(2_000, ge=1, le=100_000, description="JSON messages that are landed and read as one file")


TransportOptions = Annotated[
    FolderOptions | HttpOptions | InboxOptions | ObjectOptions | SftpOptions | SqlOptions, Field(discriminator="kind")
]
