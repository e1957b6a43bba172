"""The connectors under contract: transport and a format it usually carries. Every transport of the registry stands here."""

from __future__ import annotations

from tests.contract.apis import file_api, paged_api
from tests.contract.databases import postgres_site, sqlite_site
from tests.contract.inboxes import inbox_site
from tests.contract.remotes import file_site, memory_site, s3_site, sftp_with_key, sftp_with_password
from tests.contract.sites import Listed, delivered_folder, watched_folder

SITES: dict[str, Listed] = {
    "delivery-csv": Listed(
        "none", delivered_folder, remembers=False, can_stall=False, can_break=False, is_missing_configuration=True
    ),
    "folder-csv": Listed("folder", watched_folder, can_stall=False, can_break=False, is_missing_configuration=True),
    "http-csv": Listed("http", file_api, has_names=False, can_break=False),
    "http-json": Listed("http", paged_api, has_names=False, large_lines=2_000),
    "inbox-json": Listed(
        "inbox", inbox_site, can_stall=False, can_break=False, is_local=True, large_lines=300, padding=100_000, memory_max=8 << 20
    ),
    "object-file": Listed("object", file_site, can_stall=False, is_missing_configuration=True),
    "object-memory": Listed("object", memory_site, can_stall=False, is_missing_configuration=True),
    "object-s3": Listed("object", s3_site, needs=("s3",), memory_max=24 << 20),
    "sftp-key": Listed("sftp", sftp_with_key),
    "sftp-password": Listed("sftp", sftp_with_password),
    "sqlite-sqlalchemy": Listed(
        "sql", sqlite_site("sqlalchemy"), has_names=False, can_break=False, large_lines=30_000, padding=2000, memory_max=48 << 20
    ),
    "sqlite-adbc": Listed(
        "sql",
        sqlite_site("adbc"),
        has_names=False,
        can_break=False,
        large_lines=30_000,
        padding=2000,
        memory_max=48 << 20,
        can_stall=False,
    ),
    "postgres-sqlalchemy": Listed(
        "sql",
        postgres_site("sqlalchemy"),
        has_names=False,
        can_break=False,
        large_lines=30_000,
        padding=2000,
        memory_max=48 << 20,
        needs=("postgres",),
    ),
    "postgres-adbc": Listed(
        "sql",
        postgres_site("adbc"),
        has_names=False,
        can_break=False,
        large_lines=30_000,
        padding=2000,
        memory_max=48 << 20,
        needs=("postgres",),
    ),
}
