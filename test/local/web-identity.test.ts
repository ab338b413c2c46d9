import { generateKeyPairSync, sign, createHmac, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CreateOpenIDConnectProviderCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { putRole } from "./acting.ts";
import { startInstance } from "./instance.ts";

const ISSUER = "https://token.actions.githubusercontent.com";
const SUBJECT = "repo:warren/rabbit-hole:ref:refs/heads/main";

const ours = generateKeyPairSync("rsa", { modulusLength: 2048 });
const theirs = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwks = {
  keys: [{ ...ours.publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" }],
};

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

const now = Math.floor(Date.now() / 1000);

function claims(changed: Readonly<Record<string, unknown>> = {}) {
  return {
    iss: ISSUER,
    aud: "sts.amazonaws.com",
    sub: SUBJECT,
    iat: now,
    nbf: now,
    exp: now + 300,
    ...changed,
  };
}

function token(changed: Readonly<Record<string, unknown>> = {}, key: KeyObject = ours.privateKey): string {
  const signed = `${encode({ alg: "RS256", typ: "JWT", kid: "one" })}.${encode(claims(changed))}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

function unsigned(): string {
  return `${encode({ alg: "none", kid: "one" })}.${encode(claims())}.`;
}

/** The old attack: the public key, which everybody has, taken for the secret of an HMAC. */
function confused(): string {
  const signed = `${encode({ alg: "HS256", kid: "one" })}.${encode(claims())}`;
  const secret = ours.publicKey.export({ format: "pem", type: "spki" });
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

let aws: LocalAws;
let folder: string;
let client: STSClient;
let roleArn: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "warren-jwks-"));
  await writeFile(join(folder, "jwks.json"), JSON.stringify(jwks));
  aws = await startInstance({ jwks: join(folder, "jwks.json") });
  client = new STSClient(aws.clientConfig());
  roleArn = await trustIssuer(aws, ISSUER);
});
afterAll(async () => {
  await aws[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Registers the issuer and makes a role that its main branch may assume. */
async function trustIssuer(instance: LocalAws, issuer: string): Promise<string> {
  const host = issuer.replace(/^https?:\/\//, "");
  await new IAMClient(instance.clientConfig()).send(
    new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] }),
  );
  const trusted = {
    Principal: { Federated: `arn:aws:iam::${instance.account}:oidc-provider/${host}` },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { [`${host}:aud`]: "sts.amazonaws.com", [`${host}:sub`]: SUBJECT } },
  };
  return await putRole(instance, "deploys", trusted, [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }]);
}

async function assume(WebIdentityToken: string, more: { DurationSeconds?: number } = {}) {
  return await client.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: roleArn,
      RoleSessionName: "run",
      WebIdentityToken,
      ...more,
    }),
  );
}

describe("a web identity token", () => {
  test("signed by the issuer gives the role's credentials, and the answer tells whose it is", async () => {
    const answer = await assume(token());
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: SUBJECT,
      Audience: "sts.amazonaws.com",
      Provider: ISSUER,
    });

    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = answer.Credentials ?? {};
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    const identity = await new STSClient({ ...aws.clientConfig(), credentials }).send(
      new GetCallerIdentityCommand({}),
    );
    expect(identity.Arn).toBe("arn:aws:sts::111122223333:assumed-role/deploys/run");
  });

  test.each([
    ["signed by another key", () => token({}, theirs.privateKey), "InvalidIdentityTokenException"],
    ["signed by nobody", unsigned, "InvalidIdentityTokenException"],
    ["signed with the public key as a secret", confused, "InvalidIdentityTokenException"],
    [
      "whose claims were changed after signing",
      () => token().replace(/\.[^.]+\./, `.${encode(claims({ sub: "x" }))}.`),
      "InvalidIdentityTokenException",
    ],
    ["that is no token", () => "not-a-token", "InvalidIdentityTokenException"],
    [
      "for another audience",
      () => token({ aud: "https://github.com/warren" }),
      "InvalidIdentityTokenException",
    ],
    [
      "of an issuer that is not registered",
      () => token({ iss: "https://example.com" }),
      "InvalidIdentityTokenException",
    ],
    ["without an expiry", () => token({ exp: undefined }), "InvalidIdentityTokenException"],
    ["that is not valid yet", () => token({ nbf: now + 600 }), "InvalidIdentityTokenException"],
    ["that has expired", () => token({ exp: now - 1 }), "ExpiredTokenException"],
    ["of another branch", () => token({ sub: "repo:warren/rabbit-hole:ref:refs/heads/x" }), "AccessDenied"],
  ])("%s is refused", async (_what, make, name) => {
    await expect(assume(make())).rejects.toMatchObject({ name });
  });

  test("gives no longer session than the role allows", async () => {
    await expect(assume(token(), { DurationSeconds: 7200 })).rejects.toThrow(
      "exceeds the MaxSessionDuration",
    );
  });
});

describe("without a given JWKS", () => {
  test("the keys are those that the issuer's discovery document names", async () => {
    const server = createServer((request, response) => {
      const body =
        request.url === "/.well-known/openid-configuration" ? { jwks_uri: `${issuer}/keys` } : jwks;
      response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const issuer = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
    await using other = await startInstance();
    const request = {
      RoleArn: await trustIssuer(other, issuer),
      RoleSessionName: "run",
      WebIdentityToken: token({ iss: issuer }),
    };

    const sts = new STSClient(other.clientConfig());
    expect((await sts.send(new AssumeRoleWithWebIdentityCommand(request))).Provider).toBe(issuer);

    server.closeAllConnections();
    server.close();
    await expect(sts.send(new AssumeRoleWithWebIdentityCommand(request))).rejects.toThrow(
      "Couldn't retrieve verification key from your identity provider",
    );
  });
});
