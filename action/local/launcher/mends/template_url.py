"""CloudFormation: a TemplateURL in virtual-hosted style, and read with the caller's permissions.

MiniStack takes the first part of the path for the bucket, which makes `https://bucket.s3.amazonaws.com/key`, the
form that AWS's own tools write, "Invalid TemplateURL". It also reads any object whoever asks.
Source: CreateChangeSet, TemplateURL; S3 User Guide, "Virtual hosting of buckets".
"""

import re
from urllib.parse import urlparse

import principals
from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.helpers:_resolve_document": "(params, body_key, url_key, label)",
    "ministack.services.cloudformation.helpers:_error": "(code, message, status)",
    "ministack.services.cloudformation.helpers:_p": "(params, key, default)",
}

VIRTUAL_HOST = re.compile(r"^(?P<bucket>[a-z0-9][a-z0-9.-]+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com$")


def path_style(url: str) -> str:
    parsed = urlparse(url)
    host = VIRTUAL_HOST.match(parsed.hostname or "")
    return f"https://s3.amazonaws.com/{host['bucket']}{parsed.path}" if host else url


def apply(settings: Settings) -> None:
    from ministack.services.cloudformation import helpers

    resolve = helpers._resolve_document

    def resolve_document(params, body_key, url_key, label):
        url = helpers._p(params, url_key)
        if not url or helpers._p(params, body_key):
            return resolve(params, body_key, url_key, label)
        url = path_style(url)
        location = urlparse(url).path.lstrip("/")
        if principals.caller_denied("s3:GetObject", f"arn:aws:s3:::{location}"):
            return None, helpers._error("ValidationError", "S3 error: Access Denied")
        return resolve({**params, url_key: [url]}, body_key, url_key, label)

    helpers._resolve_document = resolve_document
