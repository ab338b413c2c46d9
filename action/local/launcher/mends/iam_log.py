"""Not a mend of a fault: the log tells once of each action that each principal was allowed or denied.

So a test can compare what a role may do with what it does; MiniStack's own log has the calls only, not what
CloudFormation does as its service role.
"""

import logging

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_evaluator:evaluate": "(ctx, policies, limits)",
}

log = logging.getLogger("warren.iam")


def apply(settings: Settings) -> None:
    from ministack.core import iam_evaluator

    decide = iam_evaluator.evaluate
    told: set[tuple[str, str, str]] = set()

    def evaluate(ctx, policies, *limits):
        result = decide(ctx, policies, *limits)
        line = ctx.principal_arn, ctx.action, result.decision
        if line not in told:
            told.add(line)
            log.info("iam: %s %s %s", *line)
        return result

    iam_evaluator.evaluate = evaluate
