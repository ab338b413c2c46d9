"""Puts one message on the queue for each item of the table."""

import json
import os
from datetime import datetime, timezone
from itertools import batched

import boto3
from aws_lambda_powertools import Logger

logger = Logger(service="serverlessproducer")
table = boto3.client("dynamodb")
queue = boto3.client("sqs")

# SendMessageBatch takes ten.
BATCH = 10


def handler(event: dict, context) -> dict:
    run = event.get("id") or context.aws_request_id
    logger.set_correlation_id(run)
    scheduled_at = event.get("time") or datetime.now(timezone.utc).isoformat()
    names = list(scan(os.environ["FANG_NAME"]))
    for batch in batched(names, BATCH):
        send(os.environ["PRODUCER_URL"], [message(name, scheduled_at, run) for name in batch])
    outcome = {"scanned": len(names), "sent": len(names)}
    logger.info("all items sent", extra=outcome)
    return outcome


def scan(name: str):
    pages = table.get_paginator("scan").paginate(
        TableName=name,
        # `name` is one of DynamoDB's reserved words.
        ProjectionExpression="#name",
        ExpressionAttributeNames={"#name": "name"},
    )
    for page in pages:
        for item in page["Items"]:
            yield item["name"]["S"]


def message(name: str, scheduled_at: str, run: str) -> str:
    return json.dumps({"version": 1, "name": name, "scheduledAt": scheduled_at, "run": run})


def send(url: str, bodies: list[str]) -> None:
    entries = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]
    failed = queue.send_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
    # Lambda repeats the whole event then, which does no harm: equal messages are worked into equal objects.
    if failed:
        raise RuntimeError(f"SQS did not take {len(failed)} of {len(bodies)} messages: {failed[0]}")
