"""Settings: typed, complete at start, built by the entry point and passed on. Names begin with `DREIKLANG_`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError


class Settings(BaseSettings):
    """Everything that differs between two instances."""

    model_config = SettingsConfigDict(env_prefix="DREIKLANG_", frozen=True, extra="forbid")

    home: Path = Field(Path("data"), description="directory that holds all state of this instance")
    store_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL of the store; SQLite under home when not set (PostgreSQL: postgresql+psycopg://…)",
    )
    host: str = Field("127.0.0.1", description="address the web process listens on")
    port: int = Field(8600, ge=1, le=65535, description="port the web process listens on")
    public_hosts: tuple[str, ...] = Field(("localhost", "127.0.0.1"), description="host names browsers may use")
    session_idle_minutes: int = Field(60, ge=5, description="a session ends after this long without a request")
    session_hours_max: int = Field(12, ge=1, description="a session ends this long after log-in, whatever happens")
    inbox_host: str = Field("127.0.0.1", description="address the HTTP inbox listens on")
    inbox_port: int = Field(8610, ge=1, le=65535, description="port the HTTP inbox listens on")
    inbox_body_mib: int = Field(8, ge=1, le=256, description="largest message the HTTP inbox takes, in MiB")
    inbox_key: SecretStr | None = Field(
        None, description="seals the secrets with which partners sign; 32 bytes in URL-safe base64"
    )
    memory_limit_gib: float = Field(6.0, gt=0.2, description="memory the warehouse may use while it builds, in GiB")
    threads: int | None = Field(None, ge=1, description="threads the warehouse may use; all cores when not set")

    alert_command: str | None = Field(None, description="command that is given each alert as JSON on its stdin")
    alert_url: SecretStr | None = Field(None, description="address that each alert is posted to as JSON; kept out of logs")

    @classmethod
    def load(cls) -> Settings:
        """The settings of the environment. Raises ConfigurationError SET-101 that names every wrong one, never its value."""
        try:
            return cls()
        except ValidationError as error:
            wrong = "; ".join(f"DREIKLANG_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors())
            raise ConfigurationError(
                "SET-101", where="the environment", found=wrong, expected="settings as docs/runbook.md lists them",
                next_step="Correct the named variables and start again.",
            ) from None  # fmt: skip

    @property
    def root(self) -> Path:
        """`home`, absolute."""
        return self.home.expanduser().resolve()

    @property
    def landing_dir(self) -> Path:
        """Where partners' bytes are kept as they came."""
        return self.root / "landing"

    @property
    def inbox_dir(self) -> Path:
        """Where partners' files arrive."""
        return self.root / "inbox"

    @property
    def outbox_dir(self) -> Path:
        """Where answers to partners lie until a transport takes them: one folder a source."""
        return self.root / "outbox"

    @property
    def warehouse_dir(self) -> Path:
        """Where the warehouse and its published generations lie."""
        return self.root / "warehouse"

    @property
    def warehouse_path(self) -> Path:
        """The one file the pipeline writes."""
        return self.warehouse_dir / "warehouse.duckdb"

    @property
    def marts_path(self) -> Path:
        """The marts, in a file of their own: a copy of it is what gets published."""
        return self.warehouse_dir / "marts.duckdb"

    @property
    def store_path(self) -> Path:
        """The SQLite store, used when `store_url` is not set."""
        return self.root / "store" / "store.sqlite"

    @property
    def reports_dir(self) -> Path:
        """Where reports for people are written."""
        return self.root / "reports"

    def resolved_store_url(self) -> str:
        """The store's SQLAlchemy URL. Holds the password: never log it."""
        return self.store_url.get_secret_value() if self.store_url else f"sqlite:///{self.store_path}"
