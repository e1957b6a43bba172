"""What a profile may say about files on other machines (docs/connectors.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ingestion.profiles.base import Strict


class SftpOptions(Strict):
    """A folder on an SFTP server. The server is known by the fingerprint of its key, never taken on trust."""

    kind: Literal["sftp"]
    host: str = Field(min_length=1, description="name or address of the server")
    port: int = Field(22, ge=1, le=65_535, description="its port")
    user: str = Field(min_length=1, description="the account")
    password_variable: str | None = Field(None, description="environment variable with the password")
    key_variable: str | None = Field(None, description="environment variable with the private key, as OpenSSH or PEM text")
    host_key: str = Field(
        pattern=r"^SHA256:[A-Za-z0-9+/]{43}$", description="fingerprint of the server's key, as `ssh-keygen -lf` prints it"
    )
    path: str = Field(".", description="the folder")
    stable_seconds: float = Field(2.0, ge=0, le=60, description="how long a file's size and time must stand still")
    timeout_seconds: float = Field(30.0, gt=0, description="silence of this length ends an attempt")
    total_seconds: float = Field(3_600.0, gt=0, description="one file may take this long")
    attempts: int = Field(3, ge=1, le=20, description="tries to connect and list")

    @model_validator(mode="after")
    def _one_login(self) -> SftpOptions:
        if (self.password_variable is None) == (self.key_variable is None):
            raise ValueError("say password_variable or key_variable")
        return self


class ObjectOptions(Strict):
    """Objects below a prefix: `s3://bucket/prefix`, or `file:///folder` and `memory://folder` through the same interface."""

    kind: Literal["object"]
    url: str = Field(pattern=r"^(s3|file|memory)://", description="where the objects lie, e.g. s3://bucket/prefix")
    endpoint: str | None = Field(None, description="address of what speaks like S3, when it is not Amazon's")
    region: str | None = Field(None, description="region of the bucket")
    key_id_variable: str | None = Field(
        None, description="environment variable with the access key's id; without it nobody is logged in"
    )
    key_variable: str | None = Field(None, description="environment variable with the secret access key")
    timeout_seconds: float = Field(30.0, gt=0, description="silence of this length ends an attempt")
    attempts: int = Field(3, ge=1, le=20, description="tries of one request")

    @model_validator(mode="after")
    def _whole_login(self) -> ObjectOptions:
        if (self.key_id_variable is None) != (self.key_variable is None):
            raise ValueError("key_id_variable and key_variable belong together")
        return self
