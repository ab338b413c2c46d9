"""Lambda: changing, deleting and reading one event source mapping are actions like any other.

MiniStack knows no action for `PUT` and `DELETE /event-source-mappings/<id>`, so anybody may do it, and asks for
ListEventSourceMappings to `GET` one.
Source: Service Authorization Reference, "Actions defined by AWS Lambda".
"""

import re

from settings import Settings

LEANS_ON = {
    "ministack.core.iam_actions:extract_iam_action": "(service, method, path, headers, body, query_params)",
}

ONE = re.compile(r"/event-source-mappings/[^/]+/?$")
ACTIONS = {"PUT": "UpdateEventSourceMapping", "DELETE": "DeleteEventSourceMapping", "GET": "GetEventSourceMapping"}


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    def extract_iam_action(service, method, path, headers, body, query_params):
        if service == "lambda" and method in ACTIONS and ONE.search(path):
            return f"lambda:{ACTIONS[method]}"
        return extract(service, method, path, headers, body, query_params)

    iam_actions.extract_iam_action = extract_iam_action
