"""CloudFormation: a property has the type that its schema says, however the template writes it.

`Timeout: "30"` and `Enabled: "false"` are what templates with parameters give. CloudFormation converts them;
MiniStack keeps some as text, where "false" is true.
"""

import registry
from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.stacks:_provision_resource": "(resource_type, logical_id, props, stack_name)",
    "ministack.services.cloudformation.stacks:_update_resource": (
        "(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)"
    ),
}

BOOLEANS = {"true": True, "false": False}


def resolve(schema: dict, root: dict) -> dict:
    while "$ref" in schema:
        target: object = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part] if isinstance(target, dict) else {}
        schema = target if isinstance(target, dict) else {}
    return schema


def typed(value: object, schema: dict, root: dict) -> object:
    """The value as the schema wants it; as it was, if it cannot be that."""
    schema = resolve(schema, root)
    kind = schema.get("type")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: typed(inner, properties.get(name, {}), root) for name, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner, schema.get("items", {}), root) for inner in value]
    if kind == "boolean" and isinstance(value, str):
        return BOOLEANS.get(value.lower(), value)
    if kind in ("integer", "number") and isinstance(value, str):
        try:
            return int(value) if kind == "integer" or value.isdigit() else float(value)
        except ValueError:
            return value
    return value


def of_type(resource_type: str, props: dict) -> dict:
    schema = registry.schema(resource_type)
    return {**props, **typed(props, schema, schema)} if schema else props


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import stacks

    provision, update = stacks._provision_resource, stacks._update_resource

    def provision_resource(resource_type, logical_id, props, stack_name):
        return provision(resource_type, logical_id, of_type(resource_type, props), stack_name)

    def update_resource(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, old_attrs=None):
        old, new = of_type(resource_type, old_props), of_type(resource_type, new_props)
        return update(resource_type, physical_id, old, new, stack_name, logical_id, old_attrs)

    stacks._provision_resource = provision_resource
    stacks._update_resource = update_resource
