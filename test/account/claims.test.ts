import { describe, expect, test } from "vitest";
import { compareClaims, missingTokenProblem, readClaims, refusalProblems } from "../../action/core/claims.ts";
import { formatProblem } from "../../action/core/problem.ts";
import { type Trust, subjectsOf, trustCondition } from "../../action/core/trust.ts";

const NOW = 1_800_000_000;
const ROLE = "arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy";
const REFUSED = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

const repository = { name: "rabbits/rabbit-hole", id: "4711", ownerId: "42" };
const deploy: Trust = { use: "deploy", repository, environments: ["production"] };
const plan: Trust = { use: "plan", repository, environments: ["production", "preview"] };

const CLASSIC = "repo:rabbits/rabbit-hole:environment:production";
const IMMUTABLE = "repo:rabbits@42/rabbit-hole@4711:environment:production";

/** A production job's claims, with changes; `undefined` takes one away. */
function claims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    iss: "https://token.actions.githubusercontent.com",
    aud: "sts.amazonaws.com",
    sub: CLASSIC,
    repository: repository.name,
    repository_id: repository.id,
    environment: "production",
    ref: "refs/heads/main",
    event_name: "push",
    exp: NOW + 300,
    ...changes,
  };
}

function token(body: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part(body)}.c2lnbmF0dXJl`;
}

function differences(changes: Readonly<Record<string, unknown>>, trust = deploy): string[] {
  const read = readClaims(token(claims(changes)));
  if (!read) throw new Error("no claims");
  return compareClaims(read, trust, NOW).map(formatProblem);
}

const noEnvironment = { environment: undefined };

describe("the claims of a job that", () => {
  test.each([
    ["is the environment's", {}],
    ["belongs to a repository with immutable subjects", { sub: IMMUTABLE }],
    ["comes from an enterprise that leaves claims out", { repository: undefined, repository_id: undefined }],
  ])("%s fit", (_which, changes) => {
    expect(differences(changes)).toEqual([]);
  });

  test.each([
    ["asks for another audience", { aud: "https://github.com/rabbits" }, "Leave the input `audience` out"],
    ["has another issuer", { iss: "https://ghe.example/_services/token" }, "put your server's issuer"],
    ["waited too long", { exp: NOW }, "the token has expired"],
    [
      "names no environment",
      { ...noEnvironment, sub: "repo:rabbits/rabbit-hole:ref:refs/heads/main" },
      "A job of `refs/heads/main` that names no environment: give it `environment: production`.",
    ],
    [
      "is another branch's",
      { ...noEnvironment, sub: "repo:rabbits/rabbit-hole:ref:refs/heads/x", ref: "refs/heads/x" },
      "A job of `refs/heads/x` that names no environment",
    ],
    [
      "is a pull request's",
      { ...noEnvironment, sub: "repo:rabbits/rabbit-hole:pull_request", ref: "refs/pull/7/merge" },
      "only with `environment: production` may it deploy",
    ],
    [
      "has another environment",
      { environment: "preview", sub: "repo:rabbits/rabbit-hole:environment:preview" },
      "The job has `environment: preview`: the role is for `production`.",
    ],
    [
      "belongs to another repository",
      { repository: "foxes/rabbit-hole", sub: "repo:foxes/rabbit-hole:environment:production" },
      "Run `warren bootstrap --repository foxes/rabbit-hole`",
    ],
    [
      "belongs to a repository of the same name that was made again",
      { repository_id: "9" },
      "was deleted and made again",
    ],
    ["has a customised subject", { sub: "repository_id:4711" }, "OIDC subject is customised"],
  ])("%s differ in that alone, and say how to mend it", (_which, changes, words) => {
    const found = differences(changes);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });

  test("is a pull request's fit the role for plans", () => {
    expect(differences({ ...noEnvironment, sub: "repo:rabbits/rabbit-hole:pull_request" }, plan)).toEqual([]);
  });
});

describe("subjects", () => {
  test("come in both forms", () => {
    expect(subjectsOf(deploy)).toEqual([CLASSIC, IMMUTABLE]);
  });

  test("are classic only where the ids are not known", () => {
    expect(subjectsOf({ ...deploy, repository: { ...repository, id: "" } })).toEqual([CLASSIC]);
  });

  test("escape the colon in an environment's name as GitHub does", () => {
    expect(subjectsOf({ ...deploy, environments: ["eu:prod"] })[0]).toBe(
      "repo:rabbits/rabbit-hole:environment:eu%3Aprod",
    );
  });
});

describe("a refusal", () => {
  const refusal = { role: ROLE, answer: REFUSED, trust: deploy, nowSeconds: NOW };
  const told = (changes: Partial<Parameters<typeof refusalProblems>[0]>): string =>
    refusalProblems({ ...refusal, claims: readClaims(token(claims())), ...changes })
      .map(formatProblem)
      .join("\n");

  test("says which claim differs, and ends with the condition to paste", () => {
    const read = readClaims(
      token(claims({ ...noEnvironment, sub: "repo:rabbits/rabbit-hole:pull_request" })),
    );
    expect(told({ claims: read })).toMatchInlineSnapshot(`
      "AWS does not let this job assume arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy: Not authorized to perform sts:AssumeRoleWithWebIdentity
      claim \`sub\` is \`repo:rabbits/rabbit-hole:pull_request\`, and the role trusts \`repo:rabbits/rabbit-hole:environment:production\`, \`repo:rabbits@42/rabbit-hole@4711:environment:production\` (role for deploy)
          This is a pull request's job: only with \`environment: production\` may it deploy.
      the role's trust policy needs this Condition:
      {
        "StringEquals": {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:repository_id": "4711",
          "token.actions.githubusercontent.com:sub": [
            "repo:rabbits/rabbit-hole:environment:production",
            "repo:rabbits@42/rabbit-hole@4711:environment:production"
          ]
        }
      }"
    `);
  });

  test("whose claims all fit leads to the role, with the condition that both subjects pass", () => {
    const text = told({});
    expect(text).toContain("so this role is another or an older one");
    expect(text).toContain(CLASSIC);
    expect(text).toContain(IMMUTABLE);
  });

  test.each([
    ["No OpenIDConnect provider found in your account", "The account has no OIDC provider for GitHub"],
    ["Incorrect token audience", "does not list the audience sts.amazonaws.com"],
  ])("with the words %s says what the account lacks", (answer, words) => {
    expect(told({ answer })).toContain(words);
  });

  test("of somebody else's role tells subject and audience", () => {
    expect(told({ trust: undefined })).toContain(
      `subject is \`${CLASSIC}\`, its audience \`sts.amazonaws.com\``,
    );
  });

  test.each(["", "no-token", "a.b", "a.!.c", "a.bm90IGpzb24.c", "a.WzFd.c"])(
    "for %j says that it is no token",
    (text) => {
      expect(told({ claims: readClaims(text) })).toContain("is no JSON Web Token");
    },
  );

  test.each([
    "The web identity token's signature could not be verified",
    "Couldn't retrieve verification key from your identity provider",
  ])("%j leads to no role: the claims were not looked at", (answer) => {
    const problems = refusalProblems({ ...refusal, claims: readClaims(token(claims())), answer });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.hint).toContain("run the job again");
  });

  test("never holds the token or its signature", () => {
    const jwt = token(claims({ repository: "foxes/rabbit-hole" }));
    const text = told({ claims: readClaims(jwt) });
    for (const part of jwt.split(".")) expect(text).not.toContain(part);
  });
});

describe("without a token", () => {
  test("the job is told the permission it lacks", () => {
    expect(formatProblem(missingTokenProblem(false))).toContain("id-token: write");
  });

  test("a fork is told that nothing is wrong", () => {
    expect(formatProblem(missingTokenProblem(true))).toContain("Nothing to mend");
  });
});

test("the condition names the audience, the repository's id and every subject", () => {
  expect(trustCondition(deploy)).toEqual({
    StringEquals: {
      "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
      "token.actions.githubusercontent.com:repository_id": "4711",
      "token.actions.githubusercontent.com:sub": [CLASSIC, IMMUTABLE],
    },
  });
});
