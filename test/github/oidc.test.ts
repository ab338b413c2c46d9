import { getIDToken } from "@actions/core";
import { CreateOpenIDConnectProviderCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import {
  GITHUB_ISSUER,
  type Job,
  type OidcIssuer,
  startOidc,
  type TokenEndpoint,
  type Wrong,
} from "../../action/local/oidc.ts";
import { putRole } from "../local/acting.ts";

const AUDIENCE = "sts.amazonaws.com";
const push: Job = {
  repository: "warren/rabbit-hole",
  repositoryId: 700_000_001,
  ownerId: 9_000_001,
  environment: "production",
  eventName: "push",
  ref: "refs/heads/main",
  sha: "0123456789012345678901234567890123456789",
  runId: 77,
};

/** What a step gets that asks as the runner lets it ask. */
async function tokenOf(
  { requestUrl, requestToken }: TokenEndpoint,
  audience: string = AUDIENCE,
): Promise<string> {
  vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_URL", requestUrl);
  vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", requestToken);
  // It prints `::add-mask::`.
  const quiet = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    return await getIDToken(audience);
  } finally {
    quiet.mockRestore();
    vi.unstubAllEnvs();
  }
}

describe("a token", () => {
  let oidc: OidcIssuer;
  beforeAll(async () => {
    oidc = await startOidc();
  });
  afterAll(async () => oidc[Symbol.asyncDispose]());

  test("holds the claims of its job and is signed by the key in the JWKS", async () => {
    const token = await tokenOf(oidc.mint(push));
    const keys = createRemoteJWKSet(new URL(oidc.jwksUrl));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: GITHUB_ISSUER,
      audience: AUDIENCE,
    });
    expect(protectedHeader).toMatchObject({ alg: "RS256", typ: "JWT" });
    expect(payload).toMatchObject({
      sub: "repo:warren/rabbit-hole:environment:production",
      repository: "warren/rabbit-hole",
      repository_id: "700000001",
      repository_owner: "warren",
      repository_owner_id: "9000001",
      environment: "production",
      event_name: "push",
      ref: "refs/heads/main",
      ref_type: "branch",
      sha: push.sha,
      run_id: "77",
      workflow_ref: "warren/rabbit-hole/.github/workflows/warren.yml@refs/heads/main",
      job_workflow_ref: "warren/rabbit-hole/.github/workflows/warren.yml@refs/heads/main",
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(oidc.issued.at(-1)).toEqual(payload);
  });

  const { environment: _, ...bare } = push;
  const pull: Job = {
    ...bare,
    eventName: "pull_request",
    ref: "refs/pull/7/merge",
    headRef: "x",
    baseRef: "main",
  };
  test.each<[string, Job, string]>([
    ["a push", bare, "repo:warren/rabbit-hole:ref:refs/heads/main"],
    ["a pull request", pull, "repo:warren/rabbit-hole:pull_request"],
    [
      "a pull request with an environment",
      { ...pull, environment: "preview" },
      "repo:warren/rabbit-hole:environment:preview",
    ],
    [
      "a colon",
      { ...push, environment: "Production:V1" },
      "repo:warren/rabbit-hole:environment:Production%3AV1",
    ],
    [
      "immutable names",
      { ...push, subject: "immutable" },
      "repo:warren@9000001/rabbit-hole@700000001:environment:production",
    ],
    [
      "immutable names of a push",
      { ...bare, subject: "immutable" },
      "repo:warren@9000001/rabbit-hole@700000001:ref:refs/heads/main",
    ],
    [
      "the owner's own form",
      { ...push, subject: { custom: "repository_id:700000001" } },
      "repository_id:700000001",
    ],
  ])("of %s has its subject", async (_what, job, subject) => {
    expect(decodeJwt(await tokenOf(oidc.mint(job))).sub).toBe(subject);
  });

  test("is for the repository's owner when no audience is asked for", async () => {
    expect(decodeJwt(await tokenOf(oidc.mint(push), "")).aud).toBe("https://github.com/warren");
  });

  test("is given to the job alone, and not while the issuer is ill", async () => {
    const [mine, other] = [oidc.mint(push), oidc.mint(push)];
    await expect(tokenOf({ ...mine, requestToken: other.requestToken })).rejects.toThrow("401");
    await expect(tokenOf({ ...mine, requestUrl: `${oidc.url}/token/none?a=b` })).rejects.toThrow("401");
    await expect(tokenOf(oidc.mint(push, { kind: "unavailable" }))).rejects.toThrow("500");
    await expect(getIDToken(AUDIENCE)).rejects.toThrow("Unable to get ACTIONS_ID_TOKEN_REQUEST_URL");
  });
});

/** Registers the issuer with the account, and a role for this repository's production as `warren bootstrap` makes it. */
async function trust(aws: LocalAws, issuer: string): Promise<string> {
  const host = issuer.replace(/^https?:\/\//, "");
  const iam = new IAMClient(aws.clientConfig());
  await iam.send(new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: [AUDIENCE] }));
  const trusted = {
    Principal: { Federated: `arn:aws:iam::${aws.account}:oidc-provider/${host}` },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: {
      StringEquals: {
        [`${host}:aud`]: AUDIENCE,
        // AWS knows the claims of GitHub's own issuer, and of any other the standard ones alone.
        ...(issuer === GITHUB_ISSUER ? { [`${host}:repository_id`]: "700000001" } : {}),
        [`${host}:sub`]: [
          "repo:warren/rabbit-hole:environment:production",
          "repo:warren@9000001/rabbit-hole@700000001:environment:production",
        ],
      },
    },
  };
  return await putRole(aws, "deploy", trusted, [
    { Effect: "Allow", Action: "sts:GetCallerIdentity", Resource: "*" },
  ]);
}

async function assume(aws: LocalAws, RoleArn: string, WebIdentityToken: string): Promise<string> {
  const sts = new STSClient(aws.clientConfig());
  const input = { RoleArn, RoleSessionName: "run-77", WebIdentityToken };
  const { Credentials } = await sts.send(new AssumeRoleWithWebIdentityCommand(input));
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  const me = await new STSClient({ ...aws.clientConfig(), credentials }).send(
    new GetCallerIdentityCommand({}),
  );
  return me.Arn ?? "";
}

describe("the local AWS, given the issuer's keys", () => {
  let oidc: OidcIssuer;
  let aws: LocalAws;
  let role: string;
  beforeAll(async () => {
    oidc = await startOidc();
    aws = await startLocalAws({ jwks: oidc.jwksUrl });
    role = await trust(aws, GITHUB_ISSUER);
  });
  afterAll(async () => {
    await aws[Symbol.asyncDispose]();
    await oidc[Symbol.asyncDispose]();
  });

  test.each(["classic", "immutable"] as const)("lets the job in by its %s subject", async (subject) => {
    const token = await tokenOf(oidc.mint({ ...push, subject }));
    expect(await assume(aws, role, token)).toBe("arn:aws:sts::111122223333:assumed-role/deploy/run-77");
  });

  const forks: Job = { ...push, repository: "mallory/rabbit-hole", repositoryId: 666, ownerId: 13 };
  test.each<[string, string, Job, Wrong?]>([
    [
      "for another audience",
      "InvalidIdentityTokenException",
      push,
      { kind: "audience", audience: "api://other" },
    ],
    ["that has expired", "ExpiredTokenException", push, { kind: "expired" }],
    ["that is forged", "InvalidIdentityTokenException", push, { kind: "forged" }],
    ["of another repository", "AccessDenied", forks],
    ["of a repository that has taken the name", "AccessDenied", { ...push, repositoryId: 666 }],
    ["of another environment", "AccessDenied", { ...push, environment: "preview" }],
    ["without an id", "AccessDenied", push, { kind: "claims", claims: { repository_id: undefined } }],
    [
      "of another issuer",
      "InvalidIdentityTokenException",
      push,
      { kind: "claims", claims: { iss: "https://example.com" } },
    ],
  ])("refuses a token %s", async (_what, name, job, wrong) => {
    await expect(assume(aws, role, await tokenOf(oidc.mint(job, wrong)))).rejects.toMatchObject({ name });
  });

  test("finds the keys by itself at an issuer that can be reached", async () => {
    await using own = await startOidc({ issuer: "self" });
    await using other = await startLocalAws();
    const arn = await trust(other, own.issuer);
    expect(await assume(other, arn, await tokenOf(own.mint(push)))).toMatch(/assumed-role\/deploy\/run-77$/);
    const forged = await tokenOf(own.mint(push, { kind: "forged" }));
    await expect(assume(other, arn, forged)).rejects.toMatchObject({ name: "InvalidIdentityTokenException" });
  });
});
