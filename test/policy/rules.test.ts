/** templates/rules: what each rule finds, and that nothing that Warren renders breaks one. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Finding } from "../../action/core/finding.ts";
import { readGuard } from "../../action/core/judgement.ts";
import { parsePipeline } from "../../action/core/pipeline.ts";
import { render } from "../../action/core/render.ts";
import { concreteStage } from "../../action/core/stage.ts";
import { createJudges } from "../../action/edge/judges.ts";
import { sha256 } from "../deploy/world.ts";
import { caseNames, renderCase } from "../render/case.ts";
import { MODEL_STAGES, pipelineModel, pipelineText } from "../render/pipelines.ts";
import { GUARD_FOLDER } from "../support/judges.ts";
import { repositoryRoot, shippedCatalog } from "../support/shipped.ts";

const absent = GUARD_FOLDER === undefined;
const skipped = absent ? " (skipped: cfn-guard is not here; `cargo install cfn-guard`)" : "";

const folder = join(repositoryRoot, "templates/rules");
const names = await readdir(folder);
const rules = Object.fromEntries(
  await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
);

async function judge(templates: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const judged = await createJudges(GUARD_FOLDER ?? "").guard({ templates, rules });
  if (judged.kind !== "answered") throw new Error(JSON.stringify(judged));
  const findings = readGuard(judged.json, () => ({}));
  if (!findings) throw new Error(judged.json);
  return findings;
}

const allow = (more: object): object => ({ Effect: "Allow", Resource: "*", ...more });
const document = (...Statement: object[]): object => ({ Version: "2012-10-17", Statement });
const LAMBDA = { Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
const CLOSED = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
};

interface Example {
  readonly type: string;
  readonly good: readonly object[];
  readonly bad: readonly object[];
}

/** Rule -> properties that keep it, and that break it and nothing else. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  bucket_is_closed: {
    type: "AWS::S3::Bucket",
    good: [{}, { PublicAccessBlockConfiguration: CLOSED }],
    bad: [
      { PublicAccessBlockConfiguration: { BlockPublicAcls: true } },
      ...Object.keys(CLOSED).map((key) => ({ PublicAccessBlockConfiguration: { ...CLOSED, [key]: false } })),
    ],
  },
  queue_is_encrypted: {
    type: "AWS::SQS::Queue",
    good: [
      {},
      { SqsManagedSseEnabled: true },
      { KmsMasterKeyId: { Ref: "Key" } },
      { KmsMasterKeyId: "alias/own", SqsManagedSseEnabled: false },
    ],
    bad: [{ SqsManagedSseEnabled: false }],
  },
  file_system_is_encrypted: {
    type: "AWS::EFS::FileSystem",
    good: [{ Encrypted: true }],
    bad: [{}, { Encrypted: false }],
  },
  stream_is_encrypted: {
    type: "AWS::Kinesis::Stream",
    good: [{ StreamEncryption: { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" } }],
    bad: [{}],
  },
  policy_is_not_public: {
    type: "AWS::SQS::QueuePolicy",
    good: [
      allow({ Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" }),
      allow({ Principal: { AWS: { "Fn::Sub": "arn:${AWS::Partition}:iam::1:root" } }, Action: "sqs:*" }),
      allow({ Principal: { AWS: [{ Ref: "Role" }, "arn:aws:iam::1:root"] }, Action: "sqs:*" }),
      allow({ Principal: "*", Action: "sqs:*", Condition: { ArnEquals: { "aws:SourceArn": "x" } } }),
      { Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: "*" },
    ].map((statement) => ({ PolicyDocument: document(statement) })),
    bad: [
      ...["*", { AWS: "*" }, { AWS: ["arn:aws:iam::1:root", "*"] }].map((Principal) => ({
        PolicyDocument: document(allow({ Principal, Action: "sqs:SendMessage" })),
      })),
      { PolicyDocument: { Statement: allow({ Principal: "*", Action: "sqs:SendMessage" }) } },
    ],
  },
  function_is_not_public: {
    type: "AWS::Lambda::Permission",
    good: [{ Principal: "events.amazonaws.com" }],
    bad: [{ Principal: "*" }],
  },
  function_url_asks_who_it_is: {
    type: "AWS::Lambda::Url",
    good: [{ AuthType: "AWS_IAM" }],
    bad: [{ AuthType: "NONE" }],
  },
  policy_names_its_actions: {
    type: "AWS::IAM::RolePolicy",
    good: [
      allow({ Action: "s3:GetObject" }),
      allow({ Action: ["s3:Get*", "s3:PutObject"] }),
      { Effect: "Deny", NotAction: ["iam:*"], Resource: "*" },
      { Effect: "Deny", Action: "*", Resource: "*" },
    ].map((statement) => ({ PolicyDocument: document(statement) })),
    bad: [
      allow({ Action: "*" }),
      allow({ Action: "s3:*" }),
      allow({ Action: ["s3:GetObject", "sqs:*"] }),
      allow({ NotAction: ["iam:*"] }),
    ].map((statement) => ({ PolicyDocument: document(statement) })),
  },
  role_names_its_actions: {
    type: "AWS::IAM::Role",
    good: [
      { AssumeRolePolicyDocument: document(allow(LAMBDA)) },
      {
        AssumeRolePolicyDocument: document(allow(LAMBDA)),
        Policies: [{ PolicyName: "p", PolicyDocument: document(allow({ Action: ["logs:PutLogEvents"] })) }],
      },
    ],
    bad: [allow({ Action: "*" }), allow({ Action: ["logs:*"] }), allow({ NotAction: "iam:*" })].map(
      (one) => ({
        AssumeRolePolicyDocument: document(allow(LAMBDA)),
        Policies: [{ PolicyName: "p", PolicyDocument: document(one) }],
      }),
    ),
  },
  role_is_not_assumed_by_everybody: {
    type: "AWS::IAM::Role",
    good: [
      {
        AssumeRolePolicyDocument: document(
          allow({ ...LAMBDA, Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } } }),
        ),
      },
    ],
    bad: ["*", { AWS: "*" }, { AWS: ["*"] }].map((Principal) => ({
      AssumeRolePolicyDocument: document(allow({ ...LAMBDA, Principal })),
    })),
  },
  log_group_has_a_retention: {
    type: "AWS::Logs::LogGroup",
    good: [{ RetentionInDays: 30 }],
    bad: [{}, { LogGroupName: "x" }],
  },
};

function templateOf(type: string, Properties: object): string {
  return JSON.stringify({ Resources: { Thing: { Type: type, Properties } } });
}

test("every rule has examples", () => {
  const all = Object.values(rules).flatMap((text) =>
    [...text.matchAll(/^rule (\w+)/gm)].map(([, name]) => name),
  );
  expect(new Set(all)).toEqual(new Set(Object.keys(EXAMPLES)));
});

test.skipIf(absent)(
  `every rule finds what breaks it, names it, and says how to mend it${skipped}`,
  async () => {
    for (const [rule, { type, bad }] of Object.entries(EXAMPLES)) {
      for (const properties of bad) {
        const findings = await judge({ "one.json": templateOf(type, properties) });
        expect({ properties, rules: [...new Set(findings.map((one) => one.rule))] }).toEqual({
          properties,
          rules: [`cfn-guard ${rule}`],
        });
        for (const { what, fix } of findings) {
          expect(what).toMatch(/^Thing/);
          expect(fix).toMatch(/^[A-Z`].*\.$/);
        }
      }
    }
  },
);

test.skipIf(absent)(`what keeps a rule breaks none${skipped}`, async () => {
  const good = Object.entries(EXAMPLES).flatMap(([rule, { type, good: examples }]) =>
    examples.map((properties, index) => [`${rule}-${index}.json`, templateOf(type, properties)] as const),
  );
  expect(await judge(Object.fromEntries(good))).toEqual([]);
});

test.skipIf(absent)(`nothing that Warren renders breaks a rule${skipped}`, async () => {
  const stacks: Record<string, string> = {};
  for (const name of caseNames()) {
    const stack = (await renderCase(name))["stack.json"];
    if (stack !== undefined) stacks[`${name}.json`] = stack;
  }
  expect(stacks).toHaveProperty(["every-connection.json"]);
  const catalog = await shippedCatalog();
  for (const [index, model] of fc.sample(pipelineModel(catalog), { numRuns: 20, seed: 7 }).entries()) {
    const read = parsePipeline({ file: "config/pipeline.yaml", text: pipelineText(model) }, catalog);
    if (read.kind === "problems") throw new Error(JSON.stringify(read.problems));
    const { pipeline } = read;
    for (const stage of Object.keys(MODEL_STAGES)) {
      const concrete = concreteStage(pipeline.stages, { stage, branch: "b", sha256 });
      const rendered = render({ pipeline, stage: concrete, built: new Map() });
      if (rendered.kind === "problems") throw new Error(JSON.stringify(rendered.problems));
      stacks[`generated-${index}-${stage}.json`] = JSON.stringify(rendered.stack.template);
    }
  }
  const findings = await judge(stacks);
  expect(findings.map(({ rule, what }) => `${rule}: ${what}`)).toEqual([]);
});
