"""EventBridge: a rule on the default bus is authorized as `rule/<name>`, without the bus, also for its targets.

MiniStack asks for `rule/default/<name>`, which a correct policy does not name, and for `*` where a call names the rule as
`Rule`, as all that is about targets does.
Source: Service Authorization Reference, "Resource types defined by Amazon EventBridge".
"""

import json

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_actions:extract_resource_arn": (
        "(service, method, path, headers, body, query_params, region, account_id)"
    ),
}


def rule_of_targets(body: bytes) -> str:
    """`<rule>`, or `<bus>/<rule>` on a bus of its own; empty for a call that is not about a rule's targets."""
    try:
        call = json.loads(body or b"{}")
    except ValueError:
        return ""
    rule, bus = call.get("Rule", ""), call.get("EventBusName") or "default"
    return f"{bus.rsplit('/', 1)[-1]}/{rule}" if rule and isinstance(rule, str) else ""


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions

    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query_params, region, account_id):
        arn = extract(service, method, path, headers, body, query_params, region, account_id)
        if service != "events":
            return arn
        rule = rule_of_targets(body)
        if rule:
            arn = f"arn:aws:events:{region}:{account_id}:rule/{rule}"
        return arn.replace(":rule/default/", ":rule/")

    iam_actions.extract_resource_arn = extract_resource_arn
