"""STS: a trust policy can ask for more claims of GitHub's tokens than subject and audience.

MiniStack knows only these two, so a role that asks for the repository's number would refuse every token.
Source: IAM User Guide, "Available keys for AWS OIDC federation"; the keys are those that IAM's own service data lists
for sts:AssumeRoleWithWebIdentity since January 2026.
"""

from settings import Settings

LEANS_ON = {
    "ministack.services.sts:_web_identity_principal": "(token, provider_id, role_arn)",
    "ministack.services.cognito:_decode_id_token_unverified": "(id_token)",
}

GITHUB = "token.actions.githubusercontent.com"
CLAIMS = ("actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id",
          "repository_owner_id", "workflow")


def apply(settings: Settings) -> None:
    from ministack.services import sts
    from ministack.services.cognito import _decode_id_token_unverified

    principal_of = sts._web_identity_principal

    def web_identity_principal(token, provider_id, role_arn):
        principal, keys = principal_of(token, provider_id, role_arn)
        if not str(principal).endswith(f"oidc-provider/{GITHUB}"):
            return principal, keys
        # web_identity has verified the token before.
        claims = _decode_id_token_unverified(token)
        return principal, {**keys, **{f"{GITHUB}:{name}": claims[name] for name in CLAIMS if name in claims}}

    sts._web_identity_principal = web_identity_principal
