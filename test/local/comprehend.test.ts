import { ComprehendClient, DetectSentimentCommand, type LanguageCode } from "@aws-sdk/client-comprehend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { actAs } from "./acting.ts";
import { startInstance } from "./instance.ts";
import { allow } from "./templates.ts";

let aws: LocalAws;
let client: ComprehendClient;

beforeAll(async () => {
  aws = await startInstance();
  client = new ComprehendClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

async function detect(Text: string, LanguageCode: LanguageCode = "en") {
  return await client.send(new DetectSentimentCommand({ Text, LanguageCode }));
}

describe("DetectSentiment", () => {
  test.each([
    ["POSITIVE", "What a wonderful, delightful day. I love it!"],
    ["NEGATIVE", "The attack was a horrible disaster and killed many people."],
    ["NEUTRAL", "The wolf is a large canine native to Eurasia and North America. It has 38 subspecies."],
    ["MIXED", "The food was excellent. The service was terrible. I loved the wine. I hated the music."],
  ])("finds %s", async (expected, text) => {
    const { Sentiment, SentimentScore: score } = await detect(text);
    expect(Sentiment).toBe(expected);
    const sum = (score?.Positive ?? 0) + (score?.Negative ?? 0) + (score?.Neutral ?? 0) + (score?.Mixed ?? 0);
    expect(sum).toBeCloseTo(1, 10);
  });

  test("takes 5000 bytes of UTF-8 and not one more", async () => {
    await detect("é".repeat(2500));

    await expect(detect(`${"é".repeat(2500)}a`)).rejects.toMatchObject({
      name: "TextSizeLimitExceededException",
      message: expect.stringContaining("5001 bytes"),
    });
  });

  test("refuses an empty text and an unknown language", async () => {
    await expect(detect("")).rejects.toMatchObject({ name: "InvalidRequestException" });
    // @ts-expect-error -- what a caller without types may send
    await expect(detect("nuqneH", "tlh")).rejects.toMatchObject({ name: "UnsupportedLanguageException" });
  });

  test("needs comprehend:DetectSentiment", async () => {
    const command = new DetectSentimentCommand({ Text: "good", LanguageCode: "en" });
    const may = await actAs(aws, "may", [allow("comprehend:DetectSentiment", "*")]);
    const mayNot = await actAs(aws, "may-not", [allow("sqs:*", "*")]);

    expect((await new ComprehendClient(may.config).send(command)).Sentiment).toBe("POSITIVE");
    await expect(new ComprehendClient(mayNot.config).send(command)).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringContaining("comprehend:DetectSentiment"),
    });
  });
});
