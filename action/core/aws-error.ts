/** Errors of the AWS SDK that are no bugs of ours: the user's account, rights or network, in his words. */
import { UserError } from "./problem.ts";
import type { Reason } from "./reason.ts";

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: Metadata;
}

interface Metadata {
  readonly requestId?: string;
  readonly httpStatusCode?: number;
}

interface Explanation {
  readonly reason: Reason;
  readonly message: (text: string) => string;
  readonly hint: string;
}

const NETWORK: Explanation = {
  reason: "aws-unreachable",
  message: (text) => `AWS cannot be reached: ${text}`,
  hint: "Is AWS_REGION right, and AWS_ENDPOINT_URL if it is set? What runs in AWS goes on; run this again.",
};
const EXPIRED: Explanation = {
  reason: "credentials-expired",
  message: () => "the AWS credentials have expired",
  hint: "Sign in again and run this again: it goes on where it stopped.",
};
const INVALID: Explanation = {
  reason: "credentials-invalid",
  message: () => "AWS does not know these credentials",
  hint: "Check AWS_PROFILE or AWS_ACCESS_KEY_ID, and that they belong to this account and partition.",
};
const DENIED: Explanation = {
  reason: "access-denied",
  message: (text) => `AWS refuses: ${text}`,
  hint: "The role needs that permission, on that resource. What `warren bootstrap` has made gets it when that is run again.",
};
const THROTTLED: Explanation = {
  reason: "throttled",
  message: () => "AWS still throttles after all retries",
  hint: "Something else calls the same API a lot. Run this again: it goes on where it stopped.",
};

/** A proxy in between, or AWS on a bad day. */
const FAILING: Explanation = {
  reason: "aws-failing",
  message: (text) =>
    `AWS still fails after all retries${/^(Unknown|UnknownError)?$/.test(text) ? "" : `: ${text}`}`,
  hint: "https://health.aws.amazon.com says how AWS is. What runs in AWS goes on; run this again.",
};
const UNREADABLE: Explanation = {
  reason: "aws-unreadable",
  message: (text) => `AWS's answer was broken off: ${text}`,
  hint: "Something between here and AWS cuts answers off. What runs in AWS goes on; run this again.",
};

/** A page on which one signs in, a filter that refuses, a wrong address. */
const NOT_AWS: Explanation = {
  reason: "aws-unreadable",
  message: () => "something else has answered in AWS's place: its answer has no request id",
  hint: "Look for a proxy between here and AWS, and at AWS_ENDPOINT_URL if it is set. What runs in AWS goes on; run this again.",
};

const BY_NAME: Readonly<Record<string, Explanation>> = {
  CredentialsProviderError: {
    reason: "credentials-missing",
    // When all places were empty the text says no more than that; of one place, such as an old sign-in, it says why.
    message: (text) => `no AWS credentials were found${/any providers/.test(text) ? "" : `: ${text}`}`,
    hint: "Set AWS_PROFILE, or sign in with `aws sso login`; on a runner, let the job assume a role through OIDC.",
  },
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  InvalidClientTokenId: INVALID,
  UnrecognizedClientException: INVALID,
  SignatureDoesNotMatch: INVALID,
  InvalidAccessKeyId: INVALID,
  AccessDenied: DENIED,
  AccessDeniedException: DENIED,
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  TooManyRequestsException: THROTTLED,
  TimeoutError: NETWORK,
};
const NETWORK_CODES: ReadonlySet<string> = new Set([
  "ENOTFOUND",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
]);

/** What the SDK adds to the message of an answer that it could not read. */
const UNREADABLE_MARK = "Deserialization error";

/** Codes of Node's parser: what came is no HTTP, or its headers have no end. */
const NO_HTTP = /^HPE_/;

/** What the SDK says of an answer whose checksum is another one than that of its content. */
const WRONG_CHECKSUM = /^(?:InvalidChecksumError$|Checksum mismatch)/;

/** An answer of the right form without what must be in it. */
export function lacking(what: string, cause?: unknown): UserError {
  const problem = { message: `AWS's answer lacks ${what}`, hint: UNREADABLE.hint };
  return new UserError(UNREADABLE.reason, problem, { cause });
}

/** An answer without a request id, which each of AWS's has. */
export function notFromAws(cause?: unknown): UserError {
  const problem = { message: NOT_AWS.message(""), hint: NOT_AWS.hint };
  return new UserError(NOT_AWS.reason, problem, { cause });
}

/** Undefined for an error that is not one of these: a bug, or already a UserError. */
export function explainAwsError(error: unknown): UserError | undefined {
  if (error instanceof UserError || typeof error !== "object" || error === null) return undefined;
  const { name = "", message = "", code = "", $metadata = {} }: SdkError = error;
  const known =
    (Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined) ??
    (NETWORK_CODES.has(code) ? NETWORK : undefined) ??
    (message.includes(UNREADABLE_MARK) || NO_HTTP.test(code) || WRONG_CHECKSUM.test(message)
      ? UNREADABLE
      : byStatus($metadata));
  if (!known) return undefined;
  const [text = ""] = message.split("\n");
  const problem = { message: known.message(text.replace(/\.$/, "")), hint: known.hint };
  return new UserError(known.reason, problem, { cause: error });
}

function byStatus({ httpStatusCode: status, requestId }: Metadata): Explanation | undefined {
  if (status === undefined) return undefined;
  if (status === 429) return THROTTLED;
  if (status >= 500) return FAILING;
  if (status >= 300 && requestId === undefined) return NOT_AWS;
  // The answer to a HEAD has no body that could say more.
  return status === 403 ? DENIED : undefined;
}
