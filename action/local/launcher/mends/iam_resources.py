"""CloudFormation: AWS::IAM::RolePolicy and AWS::IAM::OIDCProvider, which MiniStack does not know."""

import json
import re

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.iam:_put_role_policy": "(p)",
    "ministack.services.iam:_delete_role_policy": "(p)",
    "ministack.services.iam:_create_oidc_provider": "(p)",
    "ministack.services.iam:_delete_oidc_provider": "(p)",
    "ministack.services.iam:_oidc_providers": "AccountScopedDict",
}


def called(answer: tuple, absent_is_fine: bool = False) -> str:
    """The body of a good answer; the service's message as an exception otherwise."""
    status, _headers, body = answer
    text = body.decode() if isinstance(body, bytes) else str(body)
    if status < 400 or (absent_is_fine and status == 404):
        return text
    message = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
    raise ValueError(message.group(1) if message else text)


def put_policy(props: dict) -> None:
    from ministack.services import iam

    document = props.get("PolicyDocument", {})
    called(iam._put_role_policy({
        "RoleName": props["RoleName"],
        "PolicyName": props["PolicyName"],
        "PolicyDocument": document if isinstance(document, str) else json.dumps(document),
    }))


def create_policy(_logical_id, props, _stack_name):
    put_policy(props)
    return f"{props['PolicyName']}|{props['RoleName']}", {}


def update_policy(physical_id, _old_props, new_props, _stack_name):
    put_policy(new_props)
    return physical_id, {}


def delete_policy(_physical_id, props):
    from ministack.services import iam

    # The role may be gone already, and its policies with it.
    called(
        iam._delete_role_policy({"RoleName": props["RoleName"], "PolicyName": props["PolicyName"]}),
        absent_is_fine=True,
    )


def create_provider(_logical_id, props, _stack_name):
    from ministack.core.responses import get_account_id
    from ministack.services import iam

    request = {"Url": props["Url"]}
    for parameter, name in (("ClientIDList", "ClientIdList"), ("ThumbprintList", "ThumbprintList")):
        for index, value in enumerate(props.get(name, []), 1):
            request[f"{parameter}.member.{index}"] = value
    called(iam._create_oidc_provider(request))
    host = re.sub(r"^https?://", "", props["Url"]).rstrip("/")
    arn = f"arn:aws:iam::{get_account_id()}:oidc-provider/{host}"
    return arn, {"Arn": arn}


def update_provider(physical_id, _old_props, new_props, _stack_name):
    from ministack.services import iam

    provider = iam._oidc_providers[physical_id]
    provider["ClientIDList"] = list(new_props.get("ClientIdList", []))
    provider["ThumbprintList"] = list(new_props.get("ThumbprintList", []))
    return physical_id, {"Arn": physical_id}


def delete_provider(physical_id, _props):
    from ministack.services import iam

    called(iam._delete_oidc_provider({"OpenIDConnectProviderArn": physical_id}), absent_is_fine=True)


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import provisioners

    provisioners._RESOURCE_HANDLERS.update({
        "AWS::IAM::RolePolicy": {"create": create_policy, "update": update_policy, "delete": delete_policy},
        "AWS::IAM::OIDCProvider": {"create": create_provider, "update": update_provider, "delete": delete_provider},
    })
