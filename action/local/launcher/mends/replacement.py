"""CloudFormation: which changed property means replacement, for every resource type.

MiniStack has a table of some types and answers `Conditional` for all others, so a plan could not tell a replaced
bucket from a changed tag. The registry schemas that AWS publishes, which cfn-lint ships, say it for all types.
Source: CloudFormation CLI User Guide, createOnlyProperties and conditionalCreateOnlyProperties.
"""

import functools

import registry
from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_property_recreation": "(resource_type, name)",
    "ministack.services.cloudformation.stacks:_property_recreation": "(resource_type, name)",
    "ministack.services.cloudformation.provisioners:_replacing_change": "(resource_type, old_props, new_props)",
}


# Conditional by its schema, and yet a key is never changed in place: "Update requires: Replacement".
# Source: TemplateReference, AWS::DynamoDB::Table.
ALWAYS = {"AWS::DynamoDB::Table": ("KeySchema",)}


@functools.cache
def recreation(resource_type: str) -> dict[str, str]:
    """Property -> Always or Conditionally; what is not in it never replaces the resource."""
    schema = registry.schema(resource_type) or {}
    found: dict[str, str] = {}
    for pointer in schema.get("conditionalCreateOnlyProperties", []):
        found[pointer.split("/")[2]] = "Conditionally"
    for pointer in schema.get("createOnlyProperties", []):
        # A create-only part of a property replaces only if that part changes: AWS says Conditionally there.
        path = pointer.split("/")[2:]
        found[path[0]] = "Always" if len(path) == 1 else found.get(path[0], "Conditionally")
    return {**found, **dict.fromkeys(ALWAYS.get(resource_type, ()), "Always")}


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import provisioners, stacks

    known = provisioners._property_recreation

    def property_recreation(resource_type, name):
        if resource_type in registry.files():
            return recreation(resource_type).get(name, "Never")
        return known(resource_type, name)

    provisioners._property_recreation = property_recreation
    stacks._property_recreation = property_recreation
