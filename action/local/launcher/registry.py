"""The resource types' registry schemas, which AWS publishes and cfn-lint ships."""

import functools
import importlib.resources
import json


@functools.cache
def files() -> dict[str, str]:
    """Type -> file name of its schema in us-east-1."""
    schemas = importlib.resources.files("cfnlint.data.schemas")
    return json.loads(schemas.joinpath("providers", "us-east-1.json").read_text())


@functools.cache
def schema(resource_type: str) -> dict | None:
    """None for a type that AWS has not, like a custom resource."""
    file = files().get(resource_type)
    if file is None:
        return None
    schemas = importlib.resources.files("cfnlint.data.schemas")
    return json.loads(schemas.joinpath("resources", f"{file}.json").read_text())
