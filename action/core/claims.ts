/**
 * Why a role refused a job's token: its claims beside what the role trusts. A token is a credential, so only named
 * claims ever leave this file, never the token.
 */
import type { Problem } from "./problem.ts";
import { AUDIENCE, ISSUER, type Trust, subjectsOf, trustCondition } from "./trust.ts";
import { readableJson } from "./value.ts";

/** Claims that a trust policy can decide by, or that explain a subject. */
const READ = [
  "iss",
  "aud",
  "sub",
  "repository",
  "repository_id",
  "environment",
  "ref",
  "event_name",
] as const;
type Claim = (typeof READ)[number];

export type Claims = Readonly<Partial<Record<Claim, string>>> & {
  /** Seconds since 1970. */
  readonly expires?: number;
};

/** Undefined if the text is no JWT (RFC 7519). Verifies nothing: that is for STS. */
export function readClaims(token: string): Claims | undefined {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  const body = parsed(payload);
  if (body === undefined) return undefined;
  const text = (name: Claim): string | undefined => {
    const value = body[name];
    return typeof value === "string" ? value : Array.isArray(value) ? value.join(", ") : undefined;
  };
  const claims = READ.flatMap((name): [Claim, string][] => {
    const value = text(name);
    return value === undefined ? [] : [[name, value]];
  });
  const { exp } = body;
  return { ...Object.fromEntries(claims), ...(typeof exp === "number" && { expires: exp }) };
}

function parsed(payload: string): Readonly<Record<string, unknown>> | undefined {
  const base64 = payload.replaceAll("-", "+").replaceAll("_", "/");
  if (!/^[A-Za-z0-9+/]*$/.test(base64) || base64.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const text = new TextDecoder().decode(bytes);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What is wrong with the claims for a role that trusts `trust`; empty if such a role would take them. */
export function compareClaims(claims: Claims, trust: Trust, nowSeconds: number): readonly Problem[] {
  const { repository, use } = trust;
  const problems: Problem[] = [];
  const issuer = claims.iss ?? "";
  if (issuer !== `https://${ISSUER}`) {
    problems.push({
      message: `claim \`iss\` is \`${issuer}\`, and the role trusts \`https://${ISSUER}\``,
      hint: "templates/account.yaml trusts github.com; for GitHub Enterprise put your server's issuer into the provider and the conditions.",
    });
  }
  if (claims.aud !== AUDIENCE) {
    problems.push({
      message: `claim \`aud\` is \`${claims.aud ?? ""}\`, and the role trusts \`${AUDIENCE}\``,
      hint: "Leave the input `audience` out, or add this audience to the OIDC provider and to the role's condition.",
    });
  }
  if (claims.expires !== undefined && claims.expires <= nowSeconds) {
    problems.push({
      message: "the token has expired",
      hint: "Is the runner's clock right? GitHub's tokens live for some minutes; run the job again.",
    });
  }
  if (claims.repository !== undefined && claims.repository !== repository.name) {
    problems.push({
      message: `claim \`repository\` is \`${claims.repository}\`, and the role trusts \`${repository.name}\``,
      hint: `Run \`warren bootstrap --repository ${claims.repository}\` for that repository's own roles.`,
    });
  } else if (different(claims.repository_id, repository.id)) {
    problems.push({
      message: `claim \`repository_id\` is \`${claims.repository_id}\`, and the role trusts \`${repository.id}\``,
      hint: "The repository was deleted and made again under the same name: run `warren bootstrap` with the new ids.",
    });
  } else if (!subjectsOf(trust).includes(claims.sub ?? "")) {
    problems.push(subjectProblem(claims, trust));
  } else if (trust.refs && !trust.refs.includes(claims.ref ?? "")) {
    problems.push({
      message: `claim \`ref\` is \`${claims.ref ?? ""}\`, and the role trusts ${list(trust.refs)}`,
      hint: "Sweeps run on the default branch: is it one that a stage is deployed from? Else run `warren bootstrap` again.",
    });
  }
  return problems.map((problem) => ({ ...problem, message: `${problem.message} (role for ${use})` }));
}

function different(actual: string | undefined, expected: string): boolean {
  return actual !== undefined && expected !== "" && actual !== expected;
}

function subjectProblem(claims: Claims, trust: Trust): Problem {
  const { sub = "", environment, ref } = claims;
  const wanted = trust.environments.join("` or `");
  const difference = `claim \`sub\` is \`${sub}\`, and the role trusts ${list(subjectsOf(trust))}`;
  if (environment !== undefined) {
    return trust.environments.includes(environment)
      ? {
          message: difference,
          hint: "The repository's OIDC subject is customised: add this subject to the role.",
        }
      : {
          message: difference,
          hint: `The job has \`environment: ${environment}\`: the role is for \`${wanted}\`.`,
        };
  }
  const first = trust.environments[0] ?? "";
  return {
    message: difference,
    hint: sub.endsWith(":pull_request")
      ? `This is a pull request's job: only with \`environment: ${first}\` may it ${trust.use}.`
      : `A job of \`${ref ?? "this event"}\` that names no environment: give it \`environment: ${first}\`.`,
  };
}

function list(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}

export interface Refusal {
  readonly role: string;
  /** STS's own words. */
  readonly answer: string;
  readonly claims: Claims | undefined;
  /** Undefined if it is not known what the role is to trust: a role that is not ours. */
  readonly trust: Trust | undefined;
  readonly nowSeconds: number;
}

/** The refusal first, then what differs, then the condition that lets this job in. */
export function refusalProblems(refusal: Refusal): readonly Problem[] {
  const { role, answer, claims, trust, nowSeconds } = refusal;
  const first = { message: `AWS does not let this job assume ${role}: ${answer}` };
  // Whatever it claims: STS has not looked at that yet.
  if (/signature|verification key/i.test(answer)) {
    const hint =
      "AWS could not tell that the token is GitHub's: run the job again. No role and no condition has to be mended.";
    return [{ ...first, hint }];
  }
  if (claims === undefined) {
    return [
      { ...first, hint: "What the runner gave is no JSON Web Token: is another OIDC issuer in between?" },
    ];
  }
  if (trust === undefined) {
    const { sub = "", aud = "" } = claims;
    return [
      {
        ...first,
        hint: `The token's subject is \`${sub}\`, its audience \`${aud}\`: does the role trust them?`,
      },
    ];
  }
  const differences = compareClaims(claims, trust, nowSeconds);
  const paste = `the role's trust policy needs this Condition:\n${readableJson(trustCondition(trust)).trimEnd()}`;
  if (differences.length > 0) return [first, ...differences, { message: paste }];
  return [
    { ...first, hint: hintForAnswer(answer) },
    {
      message: `the token is what a role made by \`warren bootstrap\` trusts (\`${claims.sub ?? ""}\`), so this role is another or an older one; ${paste}`,
    },
  ];
}

/** STS tells these apart by sentences only. */
function hintForAnswer(answer: string): string {
  if (/No OpenIDConnect provider found/.test(answer)) {
    return "The account has no OIDC provider for GitHub: run `warren bootstrap --repository …` in it.";
  }
  if (/Incorrect token audience/.test(answer)) {
    return `The account's OIDC provider does not list the audience ${AUDIENCE}: add it to its client ids.`;
  }
  return "Is the account's number in the role's ARN right, and was `warren bootstrap` run with this repository's ids?";
}

/** Why there is no token at all. */
export function missingTokenProblem(fork: boolean): Problem {
  return fork
    ? {
        message: "GitHub gives no OIDC token to pull requests from forks",
        hint: "Nothing to mend: they are checked and planned offline. A maintainer can push the branch to this repository.",
      }
    : {
        message: "GitHub gave no OIDC token to this job",
        hint: "Give the job `permissions: { id-token: write, contents: read }`; a reusable workflow's caller needs it, too.",
      };
}
