"""CloudFormation acts with the permissions of the stack's service role, or of whoever called it.

MiniStack makes every resource whoever asks. A deploy role that lacks a permission, or the iam:PassRole for a
function's role, would pass here and fail on AWS.
Source: CloudFormation User Guide, "CloudFormation service role"; IAM User Guide, "Grant a user permissions to pass
a role to an AWS service".
"""

import logging

import principals
from permission_table import TABLE, Needs
from settings import Settings

LEANS_ON = {
    **principals.LEANS_ON,
    "ministack.services.cloudformation:handle_request": "(method, path, headers, body, query_params)",
    "ministack.services.cloudformation:_ACTION_HANDLERS": "dict",
    "ministack.services.cloudformation.handlers:_resolve_stack": "(stack_name)",
    "ministack.services.cloudformation.changesets:_find_change_set": "(cs_name, stack_name)",
    "ministack.services.cloudformation.stacks:_provision_resource": "(resource_type, logical_id, props, stack_name)",
    "ministack.services.cloudformation.stacks:_update_resource": (
        "(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)"
    ),
    "ministack.services.cloudformation.stacks:_delete_resource": (
        "(resource_type, physical_id, props, stack_name, logical_id)"
    ),
    "ministack.services.cloudformation.provisioners:_physical_name": (
        "(stack_name, logical_id, lowercase, max_len, seeded)"
    ),
    "ministack.services.cloudformation.provisioners:_replacing_change": "(resource_type, old_props, new_props)",
    "ministack.core.router:extract_access_key_id": "(headers, query_params)",
}

# Operations that start with a role of their own, or go on with the stack's.
OPERATIONS = ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet", "RollbackStack",
              "ContinueUpdateRollback")

# Properties that hand a role to a service.
PASSED_ROLES = {
    "AWS::Lambda::Function": ("Role", "lambda.amazonaws.com"),
    "AWS::Events::Rule": ("RoleArn", "events.amazonaws.com"),
}

log = logging.getLogger("warren")


def require(action: str, resource: str, context: dict | None = None) -> None:
    denied = principals.stack_denied(action, resource, context)
    if denied:
        raise ValueError(denied.handler_message())


def own(tags: object) -> bool:
    """Whether a tag property holds anything but the tags that CloudFormation itself adds."""
    keys = tags if isinstance(tags, dict) else [tag.get("Key", "") for tag in tags or [] if isinstance(tag, dict)]
    return any(not str(key).startswith("aws:") for key in keys)


def has(props: dict, name: str) -> bool:
    return own(props.get(name)) if name == "Tags" else props.get(name) not in (None, [], {})


def changed(old: dict, new: dict) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def arn_of(needs: Needs, props: dict, name: str) -> str:
    from ministack.core.responses import get_account_id, get_region

    pattern = needs.arn(props, name.rsplit("/", 1)[-1] if name.startswith("http") else name)
    return pattern.replace("{region}", get_region()).replace("{account}", get_account_id())


def name_from(physical_id: str) -> str:
    """The name in a physical id, which for a few types is an ARN."""
    return physical_id.rsplit(":", 1)[-1].rsplit("/", 1)[-1] if physical_id.startswith("arn:") else physical_id


def boundary_context(resource_type: str, props: dict) -> dict:
    """The boundary that a role is given, or that the role of an inline policy has."""
    boundary = props.get("PermissionsBoundary") if resource_type == "AWS::IAM::Role" else None
    if resource_type == "AWS::IAM::RolePolicy":
        boundary = (principals.role(str(props.get("RoleName", ""))) or {}).get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": boundary} if boundary else {}


def pass_roles(resource_type: str, props: dict, names: set[str]) -> None:
    passed = PASSED_ROLES.get(resource_type)
    if resource_type == "AWS::Scheduler::Schedule" and "Target" in names:
        require("iam:PassRole", props["Target"]["RoleArn"], {"iam:PassedToService": "scheduler.amazonaws.com"})
    if passed and passed[0] in names and props.get(passed[0]):
        require("iam:PassRole", str(props[passed[0]]), {"iam:PassedToService": passed[1]})


def read_code(resource_type: str, props: dict, names: set[str]) -> None:
    code = props.get("Code")
    if resource_type == "AWS::Lambda::Function" and "Code" in names and isinstance(code, dict) and "S3Key" in code:
        require("s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")


def before_create(resource_type: str, logical_id: str, props: dict, stack_name: str) -> None:
    from ministack.services.cloudformation import provisioners

    needs = TABLE.get(resource_type)
    if needs is None:
        log.warning("no permissions are known for %s: nothing is checked for %s", resource_type, logical_id)
        return
    generated = provisioners._physical_name(
        stack_name, logical_id, lowercase=resource_type == "AWS::S3::Bucket", max_len=needs.longest_name)
    arn = arn_of(needs, props, str(props.get(needs.name) or generated))
    actions = needs.create + tuple(
        action for name, extra in needs.with_property.items() if has(props, name) for action in extra)
    for action in actions:
        require(action, arn, boundary_context(resource_type, props))
    pass_roles(resource_type, props, set(props))
    read_code(resource_type, props, set(props))


def before_update(resource_type: str, physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str) -> None:
    from ministack.services.cloudformation import provisioners

    if provisioners._replacing_change(resource_type, old, new):
        before_create(resource_type, logical_id, new, stack_name)
        return
    needs, names = TABLE.get(resource_type), changed(old, new)
    if needs is None or not names:
        return
    arn = arn_of(needs, new, name_from(physical_id))
    by_property = {**needs.with_property, **needs.update_with_property}
    for action in needs.update + tuple(action for name in sorted(names) for action in by_property.get(name, ())):
        require(action, arn, boundary_context(resource_type, new))
    pass_roles(resource_type, new, names)
    read_code(resource_type, new, names)


def before_delete(resource_type: str, physical_id: str, props: dict) -> None:
    needs = TABLE.get(resource_type)
    if needs is None:
        return
    arn = arn_of(needs, props, name_from(physical_id))
    extra = tuple(action for name, more in needs.delete_with_property.items() if props.get(name) for action in more)
    for action in extra + needs.delete:
        require(action, arn, boundary_context(resource_type, props))


def passed_service_role(params: dict) -> str:
    """The role of this operation: the one that the request names, else the one that the stack was given before."""
    from ministack.services.cloudformation import changesets, handlers
    from ministack.services.cloudformation.helpers import _p

    change_set = changesets._find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))[1] or {}
    stack = handlers._resolve_stack(_p(params, "StackName")) or handlers._resolve_stack(change_set.get("StackId", ""))
    return _p(params, "RoleARN") or change_set.get("_role_arn", "") or (stack or {}).get("_role_arn", "")


def refusal(params: dict) -> tuple | None:
    """AWS's answer when the caller may not pass the role, or CloudFormation may not assume it."""
    from ministack.services.cloudformation.helpers import _error, _p

    role = _p(params, "RoleARN")
    if not role or not principals.enforced():
        return None
    denied = principals.caller_denied("iam:PassRole", role, {"iam:PassedToService": "cloudformation.amazonaws.com"})
    if denied:
        return _error("AccessDenied", denied.message(), 403)
    if not principals.role_trusts(role, "cloudformation.amazonaws.com"):
        return _error("ValidationError", f"Role {role} is invalid or cannot be assumed")
    return None


def with_service_role(action: str, operate):
    def operation(params):
        from ministack.services.cloudformation import changesets, handlers
        from ministack.services.cloudformation.helpers import _p

        refused = refusal(params)
        if refused:
            return refused
        role = passed_service_role(params)
        principals.STACK_ROLE.set(role)
        answer = operate(params)
        if answer[0] < 400 and role:
            change_set = changesets._find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))[1]
            stack = handlers._resolve_stack(_p(params, "StackName") or (change_set or {}).get("StackId", ""))
            for record in (change_set if action == "CreateChangeSet" else stack,):
                if record is not None:
                    record["_role_arn"] = role
        return answer

    return operation


def apply(settings: Settings) -> None:
    from ministack.core.router import extract_access_key_id
    from ministack.services import cloudformation
    from ministack.services.cloudformation import stacks

    handle = cloudformation.handle_request
    provision, update, delete = stacks._provision_resource, stacks._update_resource, stacks._delete_resource

    async def handle_request(method, path, headers, body, query_params):
        principals.ACCESS_KEY.set(extract_access_key_id(headers, query_params) or "")
        principals.STACK_ROLE.set("")
        return await handle(method, path, headers, body, query_params)

    def provision_resource(resource_type, logical_id, props, stack_name):
        before_create(resource_type, logical_id, props, stack_name)
        return provision(resource_type, logical_id, props, stack_name)

    def update_resource(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, old_attrs=None):
        before_update(resource_type, physical_id, old_props, new_props, stack_name, logical_id or physical_id)
        return update(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)

    def delete_resource(resource_type, physical_id, props, stack_name=None, logical_id=None):
        before_delete(resource_type, physical_id, props)
        return delete(resource_type, physical_id, props, stack_name, logical_id)

    cloudformation.handle_request = handle_request
    stacks._provision_resource = provision_resource
    stacks._update_resource = update_resource
    stacks._delete_resource = delete_resource
    for action in OPERATIONS:
        cloudformation._ACTION_HANDLERS[action] = with_service_role(action, cloudformation._ACTION_HANDLERS[action])
