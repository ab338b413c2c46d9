"""EventBridge: a rule on the default bus is authorized as `rule/<name>`, without the bus.

MiniStack asks for `rule/default/<name>`, which a correct policy does not name.
Source: Service Authorization Reference, "Resource types defined by Amazon EventBridge".
"""

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_actions:extract_resource_arn": (
        "(service, method, path, headers, body, query_params, region, account_id)"
    ),
}


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions

    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query_params, region, account_id):
        arn = extract(service, method, path, headers, body, query_params, region, account_id)
        return arn.replace(":rule/default/", ":rule/") if service == "events" else arn

    iam_actions.extract_resource_arn = extract_resource_arn
