import { expect, test } from "vitest";
import { explainAwsError } from "../../action/core/aws-error.ts";

function explained(name: string, message: string): string | undefined {
  return explainAwsError(Object.assign(new Error(message), { name }))?.problems[0]?.message;
}

test("an expired sign-in is told in the SDK's words, empty places in few of ours", () => {
  const expired = "The SSO session associated with this profile has expired.";
  expect(explained("CredentialsProviderError", expired)).toBe(
    "no AWS credentials were found: The SSO session associated with this profile has expired",
  );
  expect(explained("CredentialsProviderError", "Could not load credentials from any providers")).toBe(
    "no AWS credentials were found",
  );
});

test("what is no trouble with the account or the network stays a bug", () => {
  expect(explained("ValidationError", "Template format error")).toBeUndefined();
  expect(explained("TypeError", "undefined is not a function")).toBeUndefined();
});

test.each([
  ["Unknown", "Unknown", 429, "AWS still throttles after all retries"],
  ["Unknown", "Unknown", 503, "AWS still fails after all retries"],
  ["InternalFailure", "Internal error", 500, "AWS still fails after all retries: Internal error"],
])("%s: %s with status %i is AWS's trouble and no bug", (name, message, httpStatusCode, expected) => {
  const error = Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
  expect(explainAwsError(error)?.problems[0]?.message).toBe(expected);
});

test("of an answer that was broken off, one line", () => {
  const message = "unexpected end of input.\n  Deserialization error: to see the raw response, inspect ...";
  expect(explained("Error", message)).toBe("AWS's answer was broken off: unexpected end of input");
});
