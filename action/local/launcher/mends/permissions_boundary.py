"""CloudFormation gives a role its permissions boundary, and a policy can ask for one: `iam:PermissionsBoundary`.

MiniStack's handler of AWS::IAM::Role drops the property, so a function could do all that its own policies say.
Source: AWS::IAM::Role; IAM User Guide, "Permissions boundaries for IAM entities"; Service Authorization Reference,
"Condition keys for AWS Identity and Access Management".
"""

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.iam:_roles": "AccountScopedDict",
    "ministack.services.iam:_boundary_policy_error": "(arn)",
}

ROLE = "AWS::IAM::Role"


def checked(props: dict) -> str | None:
    from ministack.services import iam

    boundary = props.get("PermissionsBoundary")
    if boundary and iam._boundary_policy_error(boundary):
        raise ValueError(f"Scope ARN: {boundary} does not exist or is not attachable.")
    return boundary


def apply(settings: Settings) -> None:
    from ministack.services import iam
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS[ROLE]
    create, update = handlers["create"], handlers["update"]

    def create_role(logical_id, props, stack_name):
        boundary = checked(props)
        name, attributes = create(logical_id, props, stack_name)
        iam._roles[name]["PermissionsBoundary"] = boundary
        return name, attributes

    def update_role(physical_id, old_props, new_props, stack_name, logical_id=None):
        boundary = checked(new_props)
        name, attributes = update(physical_id, old_props, new_props, stack_name, logical_id)
        iam._roles[name]["PermissionsBoundary"] = boundary
        return name, attributes

    provisioners._RESOURCE_HANDLERS[ROLE] = {**handlers, "create": create_role, "update": update_role}
