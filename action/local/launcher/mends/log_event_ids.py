"""CloudWatch Logs: FilterLogEvents tells each event's id, by which events of one text and one millisecond differ.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilteredLogEvent.html
"""

import zlib

from settings import Settings

LEANS_ON = {
    "ministack.services.cloudwatch_logs:_stream_event_range": "(events, stream_name, start, end)",
}


def apply(settings: Settings) -> None:
    from ministack.services import cloudwatch_logs

    def with_ids(events, stream_name, start, end):
        stream = zlib.crc32(stream_name.encode())
        for index in range(start, end):
            event = events[index]
            yield {**event, "eventId": f"{event['timestamp']:020}{stream:010}{index:010}"}, stream_name

    cloudwatch_logs._stream_event_range = with_ids
