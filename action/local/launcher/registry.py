"""The resource types' registry schemas, which AWS publishes and cfn-lint ships."""

import functools
import importlib.util
import json
from pathlib import Path


@functools.cache
def folder() -> Path:
    # Looked up and not imported: importing cfn-lint takes a second, in which the server would answer nobody.
    package = importlib.util.find_spec("cfnlint")
    if package is None or package.origin is None:
        raise RuntimeError("cfn-lint is not installed beside MiniStack: run `npm run setup`")
    return Path(package.origin).parent / "data" / "schemas"


@functools.cache
def files() -> dict[str, str]:
    """Type -> file name of its schema in us-east-1."""
    return json.loads((folder() / "providers" / "us-east-1.json").read_text())


@functools.cache
def schema(resource_type: str) -> dict | None:
    """None for a type that AWS has not, like a custom resource."""
    file = files().get(resource_type)
    return None if file is None else json.loads((folder() / "resources" / f"{file}.json").read_text())
