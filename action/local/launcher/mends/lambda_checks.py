"""Lambda: a function is only made from code that exists, with a role that Lambda can assume, on a runtime it has.

MiniStack's CloudFormation makes a function out of nothing and only fails, differently, when it is invoked.
Source: CreateFunction (errors); Lambda quotas (timeout 900 s, memory 128-10,240 MB).
"""

import functools

import principals
from settings import Settings

LEANS_ON = {
    **principals.LEANS_ON,
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.cloudformation.provisioners:_lambda_create": "(logical_id, props, stack_name)",
    "ministack.services.cloudformation.provisioners:_lambda_update": (
        "(physical_id, old_props, new_props, stack_name, logical_id)"
    ),
    "ministack.services.lambda_svc:_fetch_code_from_s3": "(bucket, key, version_id)",
    "ministack.core.iam_actions:_load_botocore_model": "(botocore_service)",
}


@functools.cache
def runtimes() -> frozenset[str]:
    """The runtimes of AWS's own service model."""
    from ministack.core import iam_actions

    return frozenset(iam_actions._load_botocore_model("lambda")["shapes"]["Runtime"]["enum"])


def out_of_range(props: dict, name: str, least: int, most: int) -> str | None:
    value = props.get(name)
    if value is None or least <= int(value) <= most:
        return None
    return f"Value '{value}' at '{name}' failed to satisfy constraint: Member must be between {least} and {most}"


def problem(props: dict) -> str | None:
    """Lambda's message, or None."""
    from ministack.services import lambda_svc

    code = props.get("Code") or {}
    runtime = props.get("Runtime")
    if "S3Key" in code:
        zipped = lambda_svc._fetch_code_from_s3(code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
        if zipped is None:
            return (
                "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
                "S3 Error Message: The specified key does not exist.")
    elif not code.get("ZipFile") and not code.get("ImageUri"):
        return "Please provide a source for function code."
    if runtime is not None and runtime not in runtimes():
        return f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set"
    if principals.enforced() and not principals.role_trusts(str(props.get("Role", "")), "lambda.amazonaws.com"):
        return "The role defined for the function cannot be assumed by Lambda."
    return out_of_range(props, "MemorySize", 128, 10_240) or out_of_range(props, "Timeout", 1, 900)


def check(props: dict) -> None:
    found = problem(props)
    if found:
        raise ValueError(principals.handler_message(found, "lambda", 400, "InvalidRequest"))


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create_function, update_function = handlers["create"], handlers["update"]

    def create(logical_id, props, stack_name):
        check(props)
        return create_function(logical_id, props, stack_name)

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        check(new_props)
        return update_function(physical_id, old_props, new_props, stack_name, logical_id)

    handlers.update(create=create, update=update)
