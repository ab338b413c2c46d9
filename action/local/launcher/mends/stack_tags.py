"""CloudFormation: a policy can ask for the tags of the stack that a request is about (`aws:ResourceTag/…`).

MiniStack never tells them, so such a policy allows nothing.
Source: Service Authorization Reference, "Resource types defined by AWS CloudFormation", stack.
"""

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_actions:request_tag_context": "(service, iam_action, body, params)",
    "ministack.services.cloudformation.handlers:_resolve_stack": "(stack_name)",
}


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions
    from ministack.services.cloudformation import handlers
    from ministack.services.cloudformation.helpers import _p

    context_of = iam_actions.request_tag_context

    def request_tag_context(service, iam_action, body, params):
        context = context_of(service, iam_action, body, params)
        name = _p(params, "StackName") if service == "cloudformation" else ""
        stack = handlers._resolve_stack(name) if name else None
        tags = (stack or {}).get("Tags") or []
        return {**context, **{f"aws:resourcetag/{tag['Key']}".lower(): tag["Value"] for tag in tags}}

    iam_actions.request_tag_context = request_tag_context
