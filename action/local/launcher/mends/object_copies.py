"""S3: one PutObject that makes many, so that a test need not wait for 50,000 of them.

No mend of anything: an object that is put with the metadata `warren-copies: 25000x2` is put under 25,000 keys more,
`<key>-0` to `<key>-24999`, in two versions each, by the very function that puts every object.
"""

import re

from settings import Settings

LEANS_ON = {"ministack.services.s3:_put_object": "(bucket_name, key, body, headers)"}

HEADER = "x-amz-meta-warren-copies"


def apply(settings: Settings) -> None:
    from ministack.services import s3

    put = s3._put_object

    def put_object(bucket_name, key, body, headers):
        copies = re.fullmatch(r"(\d+)x(\d+)", headers.get(HEADER, ""))
        plain = {name: value for name, value in headers.items() if name != HEADER}
        # The same body, as the headers hold its checksum.
        for number in range(int(copies[1]) * int(copies[2]) if copies else 0):
            put(bucket_name, f"{key}-{number % int(copies[1])}", body, plain)
        return put(bucket_name, key, body, plain)

    s3._put_object = put_object
