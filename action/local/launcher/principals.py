"""Who acts, and whether IAM allows it: MiniStack's evaluator asked from outside of an API call."""

import contextvars
import uuid
from dataclasses import dataclass

# The access key that signed the running request, and the role that CloudFormation was told to use. The task that
# a stack operation schedules copies the context, so both are still known when its resources are made.
ACCESS_KEY: contextvars.ContextVar[str] = contextvars.ContextVar("warren_access_key", default="")
STACK_ROLE: contextvars.ContextVar[str] = contextvars.ContextVar("warren_stack_role", default="")

LEANS_ON = {
    "ministack.core.iam_evaluator:EvalContext": (
        "(principal_arn, principal_type, principal_account, action, resource_arn, region, source_ip, "
        "secure_transport, request_tags, tag_keys, service_context, principal_keys)"
    ),
    "ministack.core.iam_evaluator:evaluate": "(ctx, policies, limits)",
    "ministack.core.iam_evaluator:evaluate_resource_policy": "(doc, ctx, service, named_only, direct_only)",
    "ministack.core.iam_evaluator:evaluate_trust_policy": "(trust_doc, caller_arn, ctx)",
    "ministack.core.iam_evaluator:resolve_principal": "(access_key_id, account_id, credential)",
    "ministack.core.iam_evaluator:_gather_role_policies": "(role_name, account_id)",
    "ministack.core.iam_evaluator:_permissions_boundary": "(store, name, account_id)",
    "ministack.core.iam_evaluator:_principal_matches": "(principal, caller_arn)",
    "ministack.services.iam:_roles": "AccountScopedDict",
    "ministack.app:AUTH": "bool",
}


@dataclass(frozen=True)
class Denied:
    principal_arn: str
    action: str
    resource: str

    def message(self) -> str:
        """AWS's words."""
        return (
            f"User: {self.principal_arn} is not authorized to perform: {self.action} on resource: {self.resource} "
            f"because no identity-based policy allows the {self.action} action"
        )

    def handler_message(self, status: int = 403) -> str:
        """The message as a CloudFormation resource handler wraps it into an event's reason."""
        return handler_message(self.message(), self.action.partition(":")[0], status, "AccessDenied")


def handler_message(message: str, service: str, status: int, code: str) -> str:
    """What a resource's event says when its handler got an error from the service."""
    return (
        f'Resource handler returned message: "{message} (Service: {service.capitalize()}, Status Code: {status}, '
        f'Request ID: {uuid.uuid4()})" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})'
    )


def enforced() -> bool:
    from ministack import app

    return app.AUTH


def role_name(role_arn: str) -> str:
    return role_arn.rsplit("/", 1)[-1]


def role(role_arn: str) -> dict | None:
    from ministack.services import iam

    return iam._roles.get(role_name(role_arn))


def role_trusts(role_arn: str, service: str) -> bool:
    """Whether the role exists and lets the AWS service assume it."""
    import json

    found = role(role_arn)
    if found is None:
        return False
    document = found["AssumeRolePolicyDocument"]
    document = json.loads(document) if isinstance(document, str) else document
    statements = document.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and service in ([services] if isinstance(services, str) else services):
            return True
    return False


def role_denied(role_arn: str, session: str, action: str, resource: str, context: dict | None = None) -> Denied | None:
    """What the role's policies say."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id
    from ministack.services import iam

    account, name = get_account_id(), role_name(role_arn)
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    return _denied(arn, "AssumedRole", account, policies, limits, {}, action, resource, context)


def caller_denied(action: str, resource: str, context: dict | None = None) -> Denied | None:
    """What the policies of the caller of the running request say; None for root and without AUTH."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id

    if not enforced():
        return None
    account = get_account_id()
    principal = iam_evaluator.resolve_principal(ACCESS_KEY.get(), account)
    if isinstance(principal, iam_evaluator.AuthError):
        return Denied(principal.message, action, resource)
    if principal.policies is None:
        return None
    return _denied(
        principal.arn, principal.type, account, principal.policies, principal.limits, principal.keys,
        action, resource, context,
    )


def stack_denied(action: str, resource: str, context: dict | None = None) -> Denied | None:
    """What CloudFormation may do: as the stack's service role if it has one, else as the caller."""
    if not enforced():
        return None
    role_arn = STACK_ROLE.get()
    if role_arn:
        return role_denied(role_arn, "AWSCloudFormation", action, resource, context)
    return caller_denied(action, resource, context)


def service_allowed(policy: object, service: str, action: str, resource: str, source_arn: str) -> bool:
    """Whether a resource's own policy lets an AWS service act for the source."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id, get_region

    account = get_account_id()
    context = iam_evaluator.EvalContext(
        principal_arn="*", principal_type="Service", principal_account="", action=action, resource_arn=resource,
        region=get_region(), service_context={
            "aws:sourcearn": source_arn,
            "aws:sourceaccount": account,
            # A topic's default policy lets in by this old key alone, and of its callers here only CloudWatch sends it.
            **({"aws:sourceowner": account} if service == "cloudwatch.amazonaws.com" else {}),
        },
    )
    return iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def _denied(arn, kind, account, policies, limits, keys, action, resource, context) -> Denied | None:
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_region

    asked = iam_evaluator.EvalContext(
        principal_arn=arn, principal_type=kind, principal_account=account, action=action, resource_arn=resource,
        region=get_region(), service_context={key.lower(): value for key, value in (context or {}).items()},
        principal_keys=keys,
    )
    allowed = iam_evaluator.evaluate(asked, policies, *limits).decision == "Allow"
    return None if allowed else Denied(arn, action, resource)
