"""SQS: a batch call is authorized as its single call.

MiniStack asks for `sqs:SendMessageBatch`, which no IAM policy can grant: the action does not exist.
Source: Service Authorization Reference, "Actions defined by Amazon SQS".
"""

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_actions:extract_iam_action": "(service, method, path, headers, body, query_params)",
}


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    def extract_iam_action(service, method, path, headers, body, query_params):
        action = extract(service, method, path, headers, body, query_params)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    iam_actions.extract_iam_action = extract_iam_action
