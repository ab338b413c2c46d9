"""CloudWatch: alarms look at their own metric, and SQS publishes its metrics.

MiniStack rates an alarm by the metric's name alone, so one function's error raises the alarm of every function; it
does so only when somebody calls PutMetricData; and it has no AWS/SQS metrics, so an alarm on a dead-letter queue
never leaves INSUFFICIENT_DATA. AWS rates once a minute or less often; here it is each second, so that nobody waits.
Source: CloudWatch User Guide, "Using Amazon CloudWatch alarms"; SQS Developer Guide, "Available CloudWatch metrics".
"""

import contextvars
import logging
import threading
import time

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudwatch:_metrics": "AccountRegionScopedDict",
    "ministack.services.cloudwatch:_alarms": "AccountRegionScopedDict",
    "ministack.services.cloudwatch:_dims_key": "(dims)",
    "ministack.services.cloudwatch:_evaluate_alarm": "(alarm)",
    "ministack.services.cloudwatch:_evaluate_all_alarms": "()",
    "ministack.services.cloudwatch:record_metric": "(namespace, metric_name, value, unit, dimensions)",
    "ministack.services.sqs:_queues": "AccountRegionScopedDict",
    "ministack.services.sqs:_refresh_counts": "(q)",
    "ministack.core.responses:request_scope": "(account_id, region)",
}

RATED: contextvars.ContextVar[dict | None] = contextvars.ContextVar("warren_rated_alarm", default=None)
SECONDS = 1

QUEUE_METRICS = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}

log = logging.getLogger("warren")


def publish_queue_metrics(names: set[str]) -> None:
    """For the queues that an alarm of this account and region asks about."""
    from ministack.services import cloudwatch, sqs

    for queue in list(sqs._queues.values()):
        if queue["name"] not in names:
            continue
        sqs._refresh_counts(queue)
        for metric, attribute in QUEUE_METRICS.items():
            value = float(queue["attributes"][attribute])
            cloudwatch.record_metric("AWS/SQS", metric, value, "Count", {"QueueName": queue["name"]})


def rate_all() -> None:
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch

    for account, region in {(key[0], key[1]) for key in list(cloudwatch._alarms._data)}:
        with request_scope(account, region):
            publish_queue_metrics({
                dimension["Value"] for alarm in list(cloudwatch._alarms.values())
                for dimension in alarm.get("Dimensions", []) if dimension.get("Name") == "QueueName"
            })
            cloudwatch._evaluate_all_alarms()


def rate_for_ever() -> None:
    while True:
        time.sleep(SECONDS)
        try:
            rate_all()
        except Exception:
            # The loop must outlive a reset that takes an alarm away while it is rated.
            log.exception("alarms could not be rated")


def apply(settings: Settings) -> None:
    from ministack.services import cloudwatch

    evaluate = cloudwatch._evaluate_alarm

    class Metrics(type(cloudwatch._metrics)):
        """The same metrics, of which an alarm sees its own while it is rated."""

        __slots__ = ()

        def items(self):
            alarm = RATED.get()
            if alarm is None:
                return super().items()
            own = cloudwatch._dims_key({each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])})
            return [(key, points) for key, points in super().items() if key[2] == own]

    def evaluate_alarm(alarm):
        token = RATED.set(alarm)
        try:
            evaluate(alarm)
        finally:
            RATED.reset(token)

    cloudwatch._metrics.__class__ = Metrics
    cloudwatch._evaluate_alarm = evaluate_alarm
    threading.Thread(target=rate_for_ever, daemon=True, name="warren-alarms").start()
