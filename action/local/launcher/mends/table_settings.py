"""DynamoDB: time to live and point-in-time recovery of a template reach the table.

MiniStack's CloudFormation ignores both properties, its API has them.
Source: AWS::DynamoDB::Table.
"""

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.cloudformation.provisioners:_ddb_create": "(logical_id, props, stack_name)",
    "ministack.services.cloudformation.provisioners:_ddb_update": (
        "(physical_id, old_props, new_props, stack_name, logical_id)"
    ),
    "ministack.services.dynamodb:_update_ttl": "(data)",
    "ministack.services.dynamodb:_update_continuous_backups": "(data)",
}


def called(answer: tuple) -> None:
    status, _headers, body = answer
    if status >= 400:
        raise ValueError(body.decode() if isinstance(body, bytes) else str(body))


def configure(table: str, props: dict, old: dict) -> None:
    from ministack.services import dynamodb

    life, old_life = props.get("TimeToLiveSpecification"), old.get("TimeToLiveSpecification")
    if life != old_life:
        # A property that is gone means off, but the call still has to name the attribute.
        called(dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": life or {**old_life, "Enabled": False}}))
    recovery, old_recovery = (each.get("PointInTimeRecoverySpecification") for each in (props, old))
    if recovery != old_recovery:
        specification = recovery or {"PointInTimeRecoveryEnabled": False}
        called(dynamodb._update_continuous_backups(
            {"TableName": table, "PointInTimeRecoverySpecification": specification}))


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create_table, update_table = handlers["create"], handlers["update"]

    def create(logical_id, props, stack_name):
        made = create_table(logical_id, props, stack_name)
        configure(made[0], props, {})
        return made

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        made = update_table(physical_id, old_props, new_props, stack_name, logical_id)
        configure(made[0], new_props, old_props if made[0] == physical_id else {})
        return made

    handlers.update(create=create, update=update)
