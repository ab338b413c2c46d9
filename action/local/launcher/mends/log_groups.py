"""CloudFormation: a log group without a name is named after its stack, as AWS names it.

MiniStack's `/aws/cloudformation/<stack>/<id>` is outside of what a policy on `log-group:<stack>-*` allows.
"""

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.cloudformation.provisioners:_cwlogs_create": "(logical_id, props, stack_name)",
    "ministack.services.cloudformation.provisioners:_cwlogs_update": (
        "(physical_id, old_props, new_props, stack_name, logical_id)"
    ),
    "ministack.services.cloudformation.provisioners:_physical_name": (
        "(stack_name, logical_id, lowercase, max_len, seeded)"
    ),
}


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create_group, update_group = handlers["create"], handlers["update"]

    def create(logical_id, props, stack_name):
        name = props.get("LogGroupName") or provisioners._physical_name(stack_name, logical_id, max_len=512)
        return create_group(logical_id, {**props, "LogGroupName": name}, stack_name)

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        named = {**new_props, "LogGroupName": new_props.get("LogGroupName") or physical_id}
        return update_group(physical_id, old_props, named, stack_name, logical_id)

    handlers.update(create=create, update=update)
