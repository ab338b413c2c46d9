"""Lambda: changing, deleting and reading one event source mapping are actions like any other, of its function.

MiniStack knows no action for `PUT` and `DELETE /event-source-mappings/<id>`, so anybody may do it, and asks for
ListEventSourceMappings to `GET` one. It never tells `lambda:FunctionArn`, by which policies know a mapping.
Source: Service Authorization Reference, "Actions defined by AWS Lambda" and "Condition keys for AWS Lambda".
"""

import contextvars
import re

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_actions:extract_iam_action": "(service, method, path, headers, body, query_params)",
    "ministack.core.iam_actions:request_tag_context": "(service, iam_action, body, params)",
    "ministack.services.lambda_svc:_esms": "AccountRegionScopedDict",
}

ONE = re.compile(r"/event-source-mappings/([^/]+)/?$")
ACTIONS = {"PUT": "UpdateEventSourceMapping", "DELETE": "DeleteEventSourceMapping", "GET": "GetEventSourceMapping"}
# The mapping that the running request is about: the action is read from its path, the condition keys are not.
MAPPING: contextvars.ContextVar[str] = contextvars.ContextVar("warren_mapping", default="")


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions
    from ministack.services import lambda_svc

    extract, context_of = iam_actions.extract_iam_action, iam_actions.request_tag_context

    def extract_iam_action(service, method, path, headers, body, query_params):
        one = ONE.search(path) if service == "lambda" else None
        MAPPING.set(one[1] if one else "")
        if one and method in ACTIONS:
            return f"lambda:{ACTIONS[method]}"
        return extract(service, method, path, headers, body, query_params)

    def request_tag_context(service, iam_action, body, params):
        context = context_of(service, iam_action, body, params)
        mapping = lambda_svc._esms.get(MAPPING.get()) if service == "lambda" else None
        return {**context, "lambda:functionarn": mapping["FunctionArn"]} if mapping else context

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.request_tag_context = request_tag_context
