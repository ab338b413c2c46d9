"""IAM: `aws:PrincipalArn` of a session is its role's ARN, with the role's path and without the session's name.

MiniStack gives the session's own ARN (`sts::…:assumed-role/…`), which no policy names.
Source: IAM User Guide, "AWS global condition context keys", aws:PrincipalArn.
"""

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_evaluator:_resolve_condition_key": "(key, ctx)",
    "ministack.services.iam:_roles": "AccountScopedDict",
}

SESSION = ":assumed-role/"


def apply(settings: Settings) -> None:
    from ministack.core import iam_evaluator
    from ministack.services import iam

    resolve = iam_evaluator._resolve_condition_key

    def _resolve_condition_key(key, ctx):
        value = resolve(key, ctx)
        if key.lower() != "aws:principalarn" or SESSION not in str(value):
            return value
        role = iam._roles.get(value.split(SESSION)[1].split("/")[0])
        return role["Arn"] if role else value

    iam_evaluator._resolve_condition_key = _resolve_condition_key
