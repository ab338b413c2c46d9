"""CloudFormation: a bucket that still holds objects, versions or delete markers is not deleted.

MiniStack's stack delete drops the bucket with everything in it. AWS answers DELETE_FAILED, which is the very
thing that a teardown has to be ready for.
"""

import re
import uuid

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudformation.provisioners:_s3_delete": "(physical_id, props)",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS": "dict",
    "ministack.services.s3:_delete_bucket": "(name)",
}


def apply(settings: Settings) -> None:
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    def delete(physical_id, props):
        status, _headers, body = s3._delete_bucket(physical_id)
        if status < 400 or status == 404:
            return
        text = body.decode() if isinstance(body, bytes) else str(body)
        message = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
        raise ValueError(
            f"{message.group(1) if message else text} (Service: S3, Status Code: {status}, Request ID: {uuid.uuid4()})"
        )

    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"] = delete
