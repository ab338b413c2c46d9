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
