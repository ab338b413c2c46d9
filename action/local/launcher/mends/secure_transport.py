"""IAM: the gateway stands for AWS's TLS endpoints, so aws:SecureTransport is true.

The gateway speaks plain HTTP on the loopback interface. A bucket policy that denies insecure transport, as it
should, would otherwise deny everything.
"""

import contextvars

from settings import Settings

LEANS_ON = {
    "ministack.app:pin_request_origin": "(source_ip, secure_transport)",
    "ministack.core.iam_evaluator:_request_origin": "ContextVar",
}


def apply(settings: Settings) -> None:
    from ministack import app
    from ministack.core import iam_evaluator

    # What acts in the background, like a rule's delivery, comes from inside AWS: hence the default.
    origin = contextvars.ContextVar("ministack_request_origin", default=("127.0.0.1", True))
    iam_evaluator._request_origin = origin

    def pin_request_origin(source_ip, secure_transport):
        origin.set((source_ip, True))

    app.pin_request_origin = pin_request_origin
