"""STS: AssumeRoleWithWebIdentity verifies the token.

MiniStack reads the claims of any token, signed by anybody or nobody, and answers with made-up ones.
Source: AssumeRoleWithWebIdentity (errors); IAM User Guide, "Create an OpenID Connect identity provider in IAM".
"""

import asyncio
import contextvars
import re
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import principals
import tokens
from settings import Settings

LEANS_ON = {
    "ministack.services.sts:handle_request": "(method, path, headers, body, query_params)",
    "ministack.services.sts:_error": "(status, code, message, ns)",
    "ministack.services.sts:_p": "(params, key, default)",
    "ministack.services.iam:_oidc_providers": "AccountScopedDict",
    "ministack.services.iam:_roles": "AccountScopedDict",
    "ministack.app:AUTH": "bool",
}


def client_ids_of(issuer: str) -> list[str] | None:
    from ministack.core.responses import get_account_id
    from ministack.services import iam

    host = re.sub(r"^https?://", "", issuer).rstrip("/")
    provider = iam._oidc_providers.get(f"arn:aws:iam::{get_account_id()}:oidc-provider/{host}")
    return provider["ClientIDList"] if provider else None


def too_long(role_arn: str, duration: str) -> bool:
    role = principals.role(role_arn)
    return bool(duration) and role is not None and int(duration) > int(role.get("MaxSessionDuration") or 3600)


def truthful(body: bytes, claims: dict) -> bytes:
    """The answer, with the token's subject, audience and issuer for MiniStack's constants."""
    audience = claims["aud"][0] if isinstance(claims["aud"], list) else claims["aud"]
    text = body.decode()
    for tag, value in (("SubjectFromWebIdentityToken", claims.get("sub", "")), ("Audience", audience),
                       ("Provider", claims["iss"])):
        text = re.sub(rf"(<{tag}>).*?(</{tag}>)", lambda match, v=value: match[1] + escape(str(v)) + match[2], text)
    return text.encode()


def apply(settings: Settings) -> None:
    from ministack.services import sts

    handle = sts.handle_request

    async def handle_request(method, path, headers, body, query_params):
        params = {**query_params, **parse_qs(body.decode(errors="replace"))}
        if sts._p(params, "Action") != "AssumeRoleWithWebIdentity" or not principals.enforced():
            return await handle(method, path, headers, body, query_params)
        if too_long(sts._p(params, "RoleArn"), sts._p(params, "DurationSeconds")):
            message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            return sts._error(400, "ValidationError", message, ns="sts")
        token = sts._p(params, "WebIdentityToken")
        context = contextvars.copy_context()
        try:
            # Off the loop: the issuer may be asked for its keys, and it may be slow.
            claims = await asyncio.to_thread(context.run, tokens.verify, token, client_ids_of, settings.jwks)
        except tokens.TokenRefused as refused:
            return sts._error(400, refused.code, str(refused), ns="sts")
        status, answer_headers, answer = await handle(method, path, headers, body, query_params)
        return status, answer_headers, truthful(answer, claims) if status == 200 else answer

    sts.handle_request = handle_request
