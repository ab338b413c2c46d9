"""Writes the sentiment of each message's Wikipedia article into the bucket, one object for each name."""

import json
import os

import boto3
import pandas as pd
from aws_lambda_powertools import Logger

from keys import object_key
from wikipedia import find_article

logger = Logger(service="producerai")
comprehend = boto3.client("comprehend")
storage = boto3.client("s3")

# DetectSentiment refuses longer texts.
TEXT_BYTES = 5_000


def handler(event: dict, context) -> dict:
    batch = pd.DataFrame([read(record) for record in event["Records"]])
    # A name that came twice is looked up once, for the newest of its messages.
    names = batch.sort_values("scheduledAt").groupby("name", sort=False).agg(
        {"scheduledAt": "last", "run": "last", "messageId": list}
    )
    failed: list[str] = []
    for name, row in names.iterrows():
        logger.set_correlation_id(row["run"])
        try:
            write(name, {"version": 1, "name": name, "when": row["scheduledAt"], **judge(name)})
        except Exception:
            # Only this name's messages are delivered again.
            logger.exception("message failed", extra={"item": name})
            failed += row["messageId"]
    logger.info("batch done", extra={"messages": len(batch), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def read(record: dict) -> dict:
    message = json.loads(record["body"])
    return {"messageId": record["messageId"], **{key: message[key] for key in ("name", "scheduledAt", "run")}}


def judge(name: str) -> dict:
    article = find_article(name)
    if article is None:
        return {"status": "not-found"}
    text = article.pop("text")
    if not text.strip():
        return {"status": "no-text", "article": article}
    cut = text.encode()[:TEXT_BYTES].decode(errors="ignore")
    answer = comprehend.detect_sentiment(LanguageCode="en", Text=cut)
    scores = pd.Series(answer["SentimentScore"]).rename(str.lower)
    return {
        "status": "scored",
        "article": article,
        "sentiment": answer["Sentiment"],
        "scores": scores[["positive", "negative", "neutral", "mixed"]].to_dict(),
    }


def write(name: str, result: dict) -> None:
    key = object_key(name)
    storage.put_object(
        Bucket=os.environ["FANGSENTIMENT_NAME"],
        Key=key,
        Body=json.dumps(result),
        ContentType="application/json",
    )
    logger.info("object written", extra={"item": name, "key": key, "status": result["status"]})
