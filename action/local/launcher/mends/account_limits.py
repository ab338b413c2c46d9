"""CloudFormation tells the account's limits, and Lambda's account settings are an action like any other.

MiniStack does not know DescribeAccountLimits, and asks for no permission for GetAccountSettings.
Source: CloudFormation API Reference, "DescribeAccountLimits", and "AWS CloudFormation quotas"; Service Authorization
Reference, "Actions defined by AWS Lambda".
"""

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_actions:extract_iam_action": "(service, method, path, headers, body, query_params)",
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS": "dict",
    "ministack.services.cloudformation.helpers:_xml": "(status, root_tag, inner)",
}

# AWS's presets.
LIMITS = {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions
    from ministack.services.cloudformation import handlers, helpers

    extract = iam_actions.extract_iam_action

    def describe_account_limits(_params):
        limits = "".join(
            f"<member><Name>{name}</Name><Value>{value}</Value></member>" for name, value in LIMITS.items())
        return helpers._xml(
            200, "DescribeAccountLimitsResponse",
            f"<DescribeAccountLimitsResult><AccountLimits>{limits}</AccountLimits></DescribeAccountLimitsResult>")

    def extract_iam_action(service, method, path, headers, body, query_params):
        if service == "lambda" and method == "GET" and "/account-settings" in path:
            return "lambda:GetAccountSettings"
        return extract(service, method, path, headers, body, query_params)

    handlers._ACTION_HANDLERS["DescribeAccountLimits"] = describe_account_limits
    iam_actions.extract_iam_action = extract_iam_action
