import { ComprehendClient, DetectSentimentCommand, type SentimentType } from "@aws-sdk/client-comprehend";

/** DetectSentiment refuses longer texts: TextSizeLimitExceededException. */
const TEXT_BYTES = 5_000;

export interface Sentiment {
  readonly sentiment: SentimentType;
  /** Comprehend's confidence, each from 0 to 1. */
  readonly scores: {
    readonly positive: number;
    readonly negative: number;
    readonly neutral: number;
    readonly mixed: number;
  };
}

const comprehend = new ComprehendClient({});

/** The sentiment of an English text, or of the part of it that Comprehend takes. `text` is not blank. */
export async function detectSentiment(text: string, deadline: AbortSignal): Promise<Sentiment> {
  const { Sentiment: sentiment, SentimentScore: score } = await comprehend.send(
    new DetectSentimentCommand({ LanguageCode: "en", Text: cutToBytes(text, TEXT_BYTES) }),
    { abortSignal: deadline },
  );
  if (!sentiment || !score) throw new Error("Comprehend answered without a sentiment");
  return {
    sentiment,
    scores: {
      positive: score.Positive ?? 0,
      negative: score.Negative ?? 0,
      neutral: score.Neutral ?? 0,
      mixed: score.Mixed ?? 0,
    },
  };
}

/** The longest beginning of `text` that has at most `bytes` bytes in UTF-8 and ends with a whole character. */
export function cutToBytes(text: string, bytes: number): string {
  const wellFormed = text.toWellFormed();
  const { read } = new TextEncoder().encodeInto(wellFormed, new Uint8Array(bytes));
  return wellFormed.slice(0, read);
}
