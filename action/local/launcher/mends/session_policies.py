"""STS: the session policy of AssumeRoleWithWebIdentity narrows the session, as that of AssumeRole does.

MiniStack checks and keeps it for AssumeRole alone.
Source: IAM User Guide, "Session policies".
"""

import re
from urllib.parse import parse_qs

import principals
from settings import Settings

LEANS_ON = {
    "ministack.services.sts:handle_request": "(method, path, headers, body, query_params)",
    "ministack.services.sts:_session_policies": "(params, account_id, check)",
    "ministack.services.sts:_sessions": "dict",
    "ministack.services.sts:_p": "(params, key, default)",
    "ministack.app:AUTH": "bool",
}


def apply(settings: Settings) -> None:
    from ministack.services import sts

    handle = sts.handle_request

    async def handle_request(method, path, headers, body, query_params):
        params = {**query_params, **parse_qs(body.decode(errors="replace"))}
        if sts._p(params, "Action") != "AssumeRoleWithWebIdentity" or not principals.enforced():
            return await handle(method, path, headers, body, query_params)
        account = (sts._p(params, "RoleArn").split(":") + [""] * 5)[4]
        policies, refused = sts._session_policies(params, account, True)
        if refused:
            return refused
        status, answer_headers, answer = await handle(method, path, headers, body, query_params)
        key = re.search(rb"<AccessKeyId>(.*?)</AccessKeyId>", answer if isinstance(answer, bytes) else answer.encode())
        if status == 200 and key and any(policies.values()):
            sts._sessions[key[1].decode()]["SessionPolicies"] = policies
        return status, answer_headers, answer

    sts.handle_request = handle_request
