"""What aws.ts asks for, as environment variables WARREN_LOCAL_*."""

import json
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The choices of one instance."""

    home: str
    """Directory of this instance alone; removed when it ends."""
    port: int
    """0 for any free one."""
    jwks: str
    """Path or URL of the JWKS that web identity tokens are verified against; empty: each issuer's own."""
    resource_delay_seconds: float
    """How much longer each CloudFormation resource takes."""
    operation_seconds: float
    """How long each CloudFormation stack operation takes at least."""
    lambda_environment: dict[str, str]
    """Variables that every Lambda function gets on top of its own."""
    without: frozenset[str]
    """Mends to leave out, by file name: only for the tests that show what each mend is for."""


def read() -> Settings:
    value = os.environ.get
    return Settings(
        home=os.environ["WARREN_LOCAL_HOME"],
        port=int(value("WARREN_LOCAL_PORT", "0")),
        jwks=value("WARREN_LOCAL_JWKS", ""),
        resource_delay_seconds=int(value("WARREN_LOCAL_RESOURCE_MS", "0")) / 1000,
        operation_seconds=int(value("WARREN_LOCAL_OPERATION_MS", "0")) / 1000,
        lambda_environment=json.loads(value("WARREN_LAMBDA_ENV_JSON", "{}")),
        without=frozenset(filter(None, value("WARREN_LOCAL_WITHOUT", "").split(","))),
    )
