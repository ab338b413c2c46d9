/** `warren plan` of a real change of pipeline.yaml, against the local AWS. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { type Repository, repository } from "../support/command-line.ts";

const WORKER = `export async function handler(): Promise<void> {}\n`;

interface Options {
  readonly visibility: number;
  readonly memory: number;
  readonly variable: string;
  readonly more?: string;
}

function pipeline({ visibility, memory, variable, more = "" }: Options): string {
  return `name: small
stages:
  prod: { branch: main }
components:
  inbox: { kind: queue, visibility-timeout: ${visibility} }
  worker:
    kind: function
    source: functions/worker.ts
    memory: ${memory}
    overrides: { Function: { Environment: { Variables: { API_KEY: ${variable}, STAGE: prod } } } }
${more}flow:
  - inbox -> worker
`;
}

const BEFORE: Options = { visibility: 180, memory: 256, variable: "first-secret" };

let aws: LocalAws;
let git: Repository;
const warren = (...words: readonly string[]) => git.warren(words, localEnvironment(aws));

beforeAll(async () => {
  aws = await startLocalAws();
  await setUpAccount(aws);
  git = repository({ "config/pipeline.yaml": pipeline(BEFORE), "functions/worker.ts": WORKER });
  const { code, stderr } = await warren("deploy", "--stage", "prod");
  if (code !== 0) throw new Error(stderr);
});
afterAll(async () => {
  git[Symbol.dispose]();
  await aws[Symbol.asyncDispose]();
});

test("options, memory and a variable, in the words of pipeline.yaml; of the variable only that it changes", async () => {
  const after = { visibility: 360, memory: 512, variable: "second-secret" };
  git.write("config/pipeline.yaml", pipeline(after));
  const { stderr, code } = await warren("plan", "--stage", "prod");
  expect(code).toBe(0);
  const steady = stderr.replaceAll(/sha256:[0-9a-f]{8}\.\./g, "sha256:(fingerprint)..");
  expect(steady).toMatchInlineSnapshot(`
    "change    queue inbox           InboxQueue AWS::SQS::Queue
        visibility-timeout: 180 -> 360
    change    function worker       WorkerFunction AWS::Lambda::Function
        Environment.Variables.API_KEY: sha256:(fingerprint).. -> sha256:(fingerprint)..
        memory: 256 -> 512
    9 more resources stay as they are, but for their tags
    small-prod: a deploy would update it: 2 changed
    "
  `);
  expect(stderr).not.toMatch(/first-secret|second-secret/);

  const { stdout } = await warren("plan", "--stage", "prod", "--json");
  expect(stdout).not.toMatch(/first-secret|second-secret/);
  expect(JSON.parse(stdout)).toMatchObject({
    would: "update",
    added: 0,
    changed: 2,
    replaced: 0,
    removed: 0,
  });
});

test("a component that comes is told with what comes with it", async () => {
  git.write("config/pipeline.yaml", pipeline({ ...BEFORE, more: "  results: { kind: bucket }\n" }));
  const { stderr } = await warren("plan", "--stage", "prod");
  expect(stderr).toMatchInlineSnapshot(`
    "add       bucket results            ResultsBucket AWS::S3::Bucket
    add       bucket-policy of results  ResultsBucketpolicy AWS::S3::BucketPolicy
    11 more resources stay as they are, but for their tags
    small-prod: a deploy would update it: 2 added
    "
  `);
});

test("code that changes is told as that", async () => {
  git.write("config/pipeline.yaml", pipeline(BEFORE));
  git.write(
    "functions/worker.ts",
    `export async function handler(): Promise<void> { console.log("new"); }\n`,
  );
  const { stderr } = await warren("plan", "--stage", "prod");
  expect(stderr.replaceAll(/[0-9a-f]{12}…/g, "<hash>")).toMatchInlineSnapshot(`
    "change    function worker       WorkerFunction AWS::Lambda::Function
        code: previews/<hash>.zip -> previews/<hash>.zip
    10 more resources stay as they are, but for their tags
    small-prod: a deploy would update it: 1 changed
    "
  `);
});
