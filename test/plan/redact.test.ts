import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pascalCase } from "../../action/core/names.ts";
import {
  HIDDEN,
  SALT_TAG,
  fingerprinter,
  hiddenTexts,
  isHarmless,
  redactText,
  redactTree,
  redactValue,
} from "../../action/core/redact.ts";
import { PLAIN_SECRETS, SECRETS, connectionString } from "./secrets.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const fingerprint = fingerprinter({ [SALT_TAG]: "grain" }, sha256);
const FUNCTION = "AWS::Lambda::Function";
const variable = (value: string) => ({ type: FUNCTION, path: "Environment.Variables.STAGE", value });

describe("a value", () => {
  test.each([
    [FUNCTION, "Timeout", 30, "30"],
    [FUNCTION, "MemorySize", "512", "512"],
    [FUNCTION, "Architectures.0", "arm64", "arm64"],
    ["AWS::SQS::Queue", "VisibilityTimeout", 180, "180"],
    ["AWS::Events::Rule", "ScheduleExpression", "rate(5 minutes)", "rate(5 minutes)"],
    ["AWS::IAM::Role", "Policies.0.PolicyDocument.Statement.0.Action", "s3:*", "s3:*"],
    [
      FUNCTION,
      "Code.S3Key",
      `functions/a-${"0123456789abcdef".repeat(4)}.zip`,
      `functions/a-${"0123456789abcdef".repeat(4)}.zip`,
    ],
    [
      FUNCTION,
      "Role",
      "arn:aws:iam::123456789012:role/rabbit-hole-prod-ProducerRole-AB12CD34EFGH",
      "arn:aws:iam::123456789012:role/rabbit-hole-prod-ProducerRole-AB12CD34EFGH",
    ],
    [
      FUNCTION,
      "Environment.Variables.KEY",
      "{{resolve:secretsmanager:db:SecretString:password}}",
      "{{resolve:secretsmanager:db:SecretString:password}}",
    ],
  ])("of %s %s that is in the list is shown", (type, path, value, shown) => {
    expect(redactValue({ type, path, value }, fingerprint)).toBe(shown);
  });

  test.each([
    [FUNCTION, "Environment.Variables.STAGE", "prod"],
    // A key that the user has chosen says nothing, whatever the property of that name is.
    [FUNCTION, "Environment.Variables.Timeout", "30"],
    [FUNCTION, "Description", "made by hand"],
    ["AWS::SSM::Parameter", "Value", "1"],
    ["AWS::Events::Rule", "Targets.0.Input", '{"a":1}'],
    ["AWS::Own::Kind", "Timeout", 30],
    ["AWS::IAM::Role", "AssumeRolePolicyDocument.Statement.0.Condition.StringEquals.sts:ExternalId", "x"],
  ])("of %s %s that is not in the list is a fingerprint", (type, path, value) => {
    expect(redactValue({ type, path, value }, fingerprint)).toMatch(/^sha256:[0-9a-f]{8}\.\.$/);
  });

  test.each(Object.entries(SECRETS))(
    "that looks like a secret (%s) is not shown even where values are",
    (_, value) => {
      expect(redactValue({ type: FUNCTION, path: "Handler", value }, fingerprint)).toMatch(/^sha256:/);
    },
  );

  test("keeps its form: denied parts of it are replaced, names stay", () => {
    const value = { Variables: { TABLE: "fang", URL: "https://example.com", EMPTY: "" } };
    expect(redactTree({ type: FUNCTION, path: "Environment", value }, fingerprint)).toEqual({
      Variables: {
        TABLE: expect.stringMatching(/^sha256:/),
        URL: expect.stringMatching(/^sha256:/),
        EMPTY: "",
      },
    });
  });
});

describe("a fingerprint", () => {
  test("is equal for equal values and another for others", () => {
    expect(redactValue(variable("a"), fingerprint)).toBe(redactValue(variable("a"), fingerprint));
    expect(redactValue(variable("a"), fingerprint)).not.toBe(redactValue(variable("b"), fingerprint));
  });

  test("does not show that two places hold the same secret", () => {
    const other = { ...variable("a"), path: "Environment.Variables.OTHER" };
    expect(redactValue(variable("a"), fingerprint)).not.toBe(redactValue(other, fingerprint));
    expect(redactValue({ ...variable("a"), logicalId: "Other" }, fingerprint)).not.toBe(
      redactValue(variable("a"), fingerprint),
    );
  });

  test("cannot be looked up in a dictionary: it depends on the stack's salt", () => {
    const other = fingerprinter({ [SALT_TAG]: "other grain" }, sha256);
    expect(redactValue(variable("prod"), other)).not.toBe(redactValue(variable("prod"), fingerprint));
  });

  test("is not made without a salt", () => {
    expect(redactValue(variable("prod"), fingerprinter({}, sha256))).toBe(HIDDEN);
    expect(redactValue(variable("prod"))).toBe(HIDDEN);
  });
});

describe("a text", () => {
  test.each(Object.entries(SECRETS))("loses a %s", (_, secret) => {
    const text = redactText(`Value '${secret}' at 'environment' is wrong (Status Code: 400)`);
    for (const line of secret.split("\n")) expect(text).not.toContain(line);
    expect(text).toContain("Value '");
  });

  test.each([
    ["postgres://admin:hunter2@db/app", `postgres://admin:${HIDDEN}@db/app`],
    [connectionString("p@ss:w/rd"), `postgres://admin:${HIDDEN}@db.example.com:5432/app`],
    ["DB_PASSWORD=hunter2; x", `DB_PASSWORD=${HIDDEN}; x`],
    ['{"apiKey": "a \\" b", "n": 1}', `{"apiKey": "${HIDDEN}", "n": 1}`],
    ["client-secret: abc", `client-secret: ${HIDDEN}`],
    ["https://a/b?X-Amz-Signature=0f&x=1", `https://a/b?X-Amz-Signature=${HIDDEN}&x=1`],
    [
      `Value '{"a":"it's"${"x".repeat(80)}}' at 'templateBody' failed to satisfy constraint`,
      `Value '${HIDDEN}' at 'templateBody' failed to satisfy constraint`,
    ],
    [
      "Value 'hunter2' at 'environment.variables.DB.member' failed",
      `Value '${HIDDEN}' at 'environment.variables.DB.member' failed`,
    ],
    ["Authorization: Basic dXNlcjpodW50ZXIyISE=", `Authorization: Basic ${HIDDEN}`],
    // Addresses and lone names are no paths of a repository.
    ["https://a.b/c/aB1cD2eF3gH4iJ5kL6mN7oP8.js", `https://a.${HIDDEN}.js`],
    ["wrote aB1cD2eF3gH4iJ5kL6mN7oP8.json", `wrote ${HIDDEN}.json`],
    ["x/aB1cD2eF3gH4iJ5kL6mN7oP8", HIDDEN],
    [`config/x.ts: ghp_${"aB1".repeat(12)}`, `config/x.ts: ${HIDDEN}`],
  ])("loses what is a secret by its place: %s", (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });

  test.each([
    'Resource handler returned message: "Invalid request provided (Service: Lambda, Status Code: 400, Request ID: 6d1e5c1c-5d0f-4c1c-8f0a-1d2e3f4a5b6c)" (RequestToken: 11d7ff1e-0c60-4b1e-a2ab-1234567890ab, HandlerErrorCode: InvalidRequest)',
    "User: arn:aws:sts::123456789012:assumed-role/warren-deploy/GitHubActions is not authorized to perform: sqs:CreateQueue",
    "arn:aws:lambda:eu-west-1:123456789012:function:rabbit-hole-prod-ServerlessproducerFunction-aB1cD2eF3gH4",
    "https://sqs.eu-west-1.amazonaws.com/123456789012/rabbit-hole-prod-ProducerQueue-1A2B3C4D5E6F",
    "a pull request from a fork gets no credentials: it is planned without AWS",
    "http://127.0.0.1:45663/111122223333/burrow-quiet-008f07-JobsQueue-wT4oX9aKqE2b",
    "The security token included in the request is invalid",
    "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must be less",
    "[#/Environment/Variables/DB_PASSWORD: expected type: String, found: JSONArray]",
    "commit 0123456789abcdef0123456789abcdef01234567",
    "mailto:me@example.com, https://example.com:8080/a@b",
    "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
    "functions/getSecretValue2FromV3Api4WithX509Cert.ts:3:1: no export `handler`",
    "at handler (/var/task/functions/aB1cD2eF3gH4iJ5kL6mN7oP8.ts:12:3)",
    "node_modules/.pnpm/0123456789abcdef0123456789abcdef/index.js is not there",
  ])("keeps what is none: %s", (text) => {
    expect(redactText(text)).toBe(text);
  });

  test("keeps the names that CloudFormation makes up, whatever stage and component they are of", () => {
    const word = fc.stringMatching(/^[a-z]{3,10}$/);
    // With a number in each of its words (`a1-b2-c3`) a name looks like a secret, and is hidden.
    const name = fc
      .tuple(fc.array(word, { minLength: 1, maxLength: 3 }), fc.stringMatching(/^[0-9]?$/))
      .map(([words, number]) => `${words.join("-")}${number}`)
      // Tokens of GitLab, Slack and PyPI begin like that, and better a name too many is hidden.
      .filter((words) => !/\b(?:gl[a-z]{2,5}|xox[a-z]|pypi)\b/.test(words));
    const hash = fc.stringMatching(/^[0-9a-f]{6}$/);
    const suffix = fc.oneof(fc.stringMatching(/^[A-Z0-9]{12,13}$/), fc.stringMatching(/^[A-Za-z0-9]{12}$/));
    const parts = fc.tuple(
      name,
      name,
      hash,
      name,
      fc.constantFrom("Queue", "Function", "Deadletterqueue"),
      suffix,
    );
    fc.assert(
      fc.property(parts, ([pipeline, branch, six, component, resource, random]) => {
        const physical = `${pipeline}-${branch}-${six}-${pascalCase(component)}${resource}-${random}`;
        for (const text of [
          physical,
          `arn:aws:lambda:eu-west-1:123456789012:function:${physical}`,
          `https://sqs.eu-west-1.amazonaws.com/123456789012/${physical}`,
        ])
          expect(redactText(text)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test("loses nearly every random text of the length that keys have", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const keys = Array.from({ length: 2_000 }, (_, index) =>
      Array.from(
        createHash("sha512").update(`key ${index}`).digest().subarray(0, 40),
        (byte) => alphabet[byte % 64],
      ).join(""),
    );
    expect(keys.filter((key) => redactText(`the key ${key} is wrong`).includes(key)).length).toBeLessThan(20);
  });

  test.each(Object.entries(PLAIN_SECRETS))(
    "loses %s that the template holds where it may not be shown",
    (_, secret) => {
      const Variables = { A: secret, Q: { Ref: "JobsQueue" }, MODE: "on" };
      const Properties = { Environment: { Variables }, Handler: "index.handler" };
      const hidden = hiddenTexts(JSON.stringify({ Resources: { F: { Type: FUNCTION, Properties } } }));
      expect(hidden).toEqual([secret]);
      expect(redactText(`Value ${secret} is wrong`, hidden)).toBe(`Value ${HIDDEN} is wrong`);
    },
  );

  test("keeps the path of a file, whatever words variables hold", () => {
    const known = ["config", "pipeline", "function", "/run/secrets/key.json"];
    const place = "config/pipeline.yaml:3:5 and /var/task/functions/a.ts:1:2";
    expect(redactText(`${place}: pipeline is wrong, /run/secrets/key.json is`, known)).toBe(
      `${place}: ${HIDDEN} is wrong, ${HIDDEN} is`,
    );
  });

  test("is walked in a time that grows with its length, and twice changes nothing more", () => {
    const long = fc.string({
      unit: fc.constantFrom("a", "A", "1", "=", ":", "@", "/", "-", '"', " ", "\\"),
      maxLength: 400,
    });
    fc.assert(
      fc.property(long, (text) => {
        const once = redactText(text);
        expect(redactText(once)).toBe(once);
      }),
    );
    const hard = [
      "password=".repeat(5_000),
      "a://:".repeat(5_000),
      '"'.repeat(20_000),
      "a-".repeat(20_000),
      "x_".repeat(20_000),
      "aB1/".repeat(20_000),
      "a./".repeat(20_000),
    ];
    for (const text of hard) expect(redactText(text).length).toBeLessThanOrEqual(text.length * 2);
  }, 10_000);
});

test("a list that allows a property allows what is in it, and nothing beside it", () => {
  expect(isHarmless(FUNCTION, "VpcConfig.SubnetIds.0")).toBe(true);
  expect(isHarmless(FUNCTION, "Code.ZipFile")).toBe(false);
  expect(isHarmless(FUNCTION, "TimeoutSecret")).toBe(false);
  expect(isHarmless("AWS::Events::Rule", "Targets.3.Arn")).toBe(true);
});
