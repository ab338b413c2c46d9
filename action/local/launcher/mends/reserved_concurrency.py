"""Lambda: ReservedConcurrentExecutions of a template reaches the function. MiniStack ignores it there."""

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.lambda_svc:_put_function_concurrency": "(func_name, data)",
    "ministack.services.lambda_svc:_delete_function_concurrency": "(func_name)",
}


def reserve(function: str, props: dict, old: dict) -> None:
    from ministack.services import lambda_svc

    value = props.get("ReservedConcurrentExecutions")
    if value is not None:
        lambda_svc._put_function_concurrency(function, {"ReservedConcurrentExecutions": int(value)})
    elif "ReservedConcurrentExecutions" in old:
        lambda_svc._delete_function_concurrency(function)


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create_function, update_function = handlers["create"], handlers["update"]

    def create(logical_id, props, stack_name):
        made = create_function(logical_id, props, stack_name)
        reserve(made[0], props, {})
        return made

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        made = update_function(physical_id, old_props, new_props, stack_name, logical_id)
        reserve(made[0], new_props, old_props)
        return made

    handlers.update(create=create, update=update)
