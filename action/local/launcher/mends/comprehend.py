"""Comprehend: DetectSentiment, which MiniStack does not have, with AWS's protocol, limits and permission.

Source: Amazon Comprehend API reference, DetectSentiment ("A UTF-8 text string. The maximum string size is 5 KB").
"""

import json

import sentiment
from settings import Settings

LEANS_ON = {
    "ministack.app:SERVICE_HANDLERS": "dict",
    "ministack.core.iam_actions:SERVICE_TO_IAM_NAMESPACE": "dict",
    "ministack.core.responses:json_response": "(data, status, content_type)",
    "ministack.core.responses:error_response_json": "(code, message, status, extra, message_key, content_type)",
}

MAX_BYTES = 5000
LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
JSON_1_1 = "application/x-amz-json-1.1"


def problem(text: object, language: object) -> tuple[str, str] | None:
    """The code and message of AWS's error, or None."""
    if not isinstance(text, str) or text == "":
        return "InvalidRequestException", (
            "1 validation error detected: Value at 'text' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1")
    if language not in LANGUAGES:
        return "UnsupportedLanguageException", (
            f"Input language {language!r} is not supported; supported languages: [{', '.join(LANGUAGES)}]")
    size = len(text.encode())
    if size > MAX_BYTES:
        return "TextSizeLimitExceededException", (
            f"Input text size exceeds limit. Max length of request text allowed is {MAX_BYTES} bytes "
            f"while in this request the text size is {size} bytes")
    return None


def apply(settings: Settings) -> None:
    from ministack import app
    from ministack.core import iam_actions
    from ministack.core.responses import error_response_json, json_response

    async def handle_request(method, path, headers, body, query_params):
        operation = headers.get("x-amz-target", "").partition(".")[2]
        if operation != "DetectSentiment":
            return error_response_json("UnknownOperationException", operation, content_type=JSON_1_1)
        request = json.loads(body)
        refused = problem(request.get("Text"), request.get("LanguageCode"))
        if refused:
            return error_response_json(*refused, message_key="Message", content_type=JSON_1_1)
        return json_response(sentiment.detect(request["Text"]), content_type=JSON_1_1)

    app.SERVICE_HANDLERS["comprehend"] = handle_request
    iam_actions.SERVICE_TO_IAM_NAMESPACE["comprehend"] = "comprehend"
