/** Faults as AWS and GitHub send them: each service has a form of its own. */
import type { Call, Verdict } from "./proxy.ts";

export const FAULTS = [
  "throttled",
  "limited",
  "status 429",
  "internal error",
  "unavailable",
  "reset",
  "broken off",
  "truncated",
  "slow",
] as const;
export type Fault = (typeof FAULTS)[number];

/** The whole answer is this, and the call has not reached the service (but for `broken off` and `truncated`). */
export function faultOf(fault: Fault, call: Call): Verdict {
  switch (fault) {
    case "throttled":
      return call.service === "github"
        ? secondaryLimit()
        : awsError(call, 400, throttlingCode(call), "Rate exceeded");
    case "limited":
      return call.service === "github"
        ? secondaryLimit()
        : awsError(
            call,
            503,
            call.service === "s3" ? "SlowDown" : "RequestLimitExceeded",
            "Request limit exceeded.",
          );
    case "status 429":
      return { kind: "answer", status: 429, headers: { "retry-after": "0" }, body: "" };
    case "internal error":
      return call.service === "github"
        ? plain(500)
        : awsError(call, 500, "InternalFailure", "Internal error");
    case "unavailable":
      return plain(503);
    case "reset":
      return { kind: "reset", when: "before" };
    case "broken off":
      return { kind: "reset", when: "answering" };
    case "truncated":
      return { kind: "truncate" };
    case "slow":
      return { kind: "slow" };
  }
}

function plain(status: number): Verdict {
  return { kind: "answer", status, headers: { "content-type": "text/html" }, body: "<html>try again</html>" };
}

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits */
function secondaryLimit(): Verdict {
  return {
    kind: "answer",
    status: 403,
    headers: { "content-type": "application/json", "retry-after": "1" },
    body: JSON.stringify({ message: "You have exceeded a secondary rate limit. Please wait." }),
  };
}

function throttlingCode({ service }: Call): string {
  if (service === "s3") return "SlowDown";
  return service === "dynamodb" ? "ThrottlingException" : "Throttling";
}

function awsError({ service }: Call, status: number, code: string, message: string): Verdict {
  const json = service === "dynamodb" || service === "lambda" || service === "events" || service === "logs";
  if (json) {
    return {
      kind: "answer",
      status,
      headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": code },
      body: JSON.stringify({ __type: code, message }),
    };
  }
  const error = `<Code>${code}</Code><Message>${message}</Message>`;
  const body =
    service === "s3"
      ? `<?xml version="1.0"?><Error>${error}<RequestId>fault</RequestId></Error>`
      : `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>fault</RequestId></ErrorResponse>`;
  return { kind: "answer", status, headers: { "content-type": "text/xml" }, body };
}
