/** A change that would lose data: stopped in a protected stage by plan and deploy, allowed by a waiver, avoided by `was:`. */
import { DescribeStackResourceCommand, CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { type Repository, repository } from "../support/command-line.ts";

function pipeline(components: string, waivers = ""): string {
  return `name: small
stages:
  prod: { branch: main, protected: true }
components:
${components}
flow: []
${waivers}`;
}

const FANG = "  fang: { kind: table, key: name }";

let aws: LocalAws;
let git: Repository;
const warren = (...words: readonly string[]) => git.warren(words, localEnvironment(aws));

beforeAll(async () => {
  aws = await startLocalAws();
  await setUpAccount(aws);
  git = repository({ "config/pipeline.yaml": pipeline(FANG) });
  const { code, stderr } = await warren("deploy", "--stage", "prod");
  if (code !== 0) throw new Error(stderr);
});
afterAll(async () => {
  git[Symbol.dispose]();
  await aws[Symbol.asyncDispose]();
});

async function tableName(logicalId: string): Promise<string | undefined> {
  const client = new CloudFormationClient(aws.clientConfig());
  const { StackResourceDetail } = await client.send(
    new DescribeStackResourceCommand({ StackName: "small-prod", LogicalResourceId: logicalId }),
  );
  client.destroy();
  return StackResourceDetail?.PhysicalResourceId;
}

test("a table that would be replaced stops the plan and the deploy, at its line, with the waiver to write", async () => {
  git.write("config/pipeline.yaml", pipeline(FANG.replace("key: name", "key: symbol")));
  const before = await tableName("FangTable");
  const planned = await warren("plan", "--stage", "prod");
  expect(planned.code).toBe(1);
  expect(planned.stderr).toMatchInlineSnapshot(`
    "REPLACE   table fang            FangTable AWS::DynamoDB::Table  (ReplaceAndRetain)
        key: name -> symbol (replaces it)
    data at risk: table of \`fang\` is replaced by an empty one; the old one is kept with its data, outside of the stack
    small-prod: a deploy would update it: 1 replaced
    error: config/pipeline.yaml:5:3: table of \`fang\` is replaced by an empty one; the old one is kept with its data, outside of the stack
        If the data may go, say so in pipeline.yaml: \`waivers: [{ component: fang, allow: replace, until: <year-month-day>, why: <reason> }]\`
    warren explain data-at-risk
    "
  `);
  const deployed = await warren("deploy", "--stage", "prod");
  expect(deployed.code).toBe(1);
  expect(deployed.stderr).toContain("config/pipeline.yaml:5:3: table of `fang` is replaced");
  expect(await tableName("FangTable")).toBe(before);

  const { stdout, code } = await warren("plan", "--stage", "prod", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ risks: [{ kind: "data", allow: "replace" }], stops: [{}] });
});

test("a rename is recognised, and `was:` keeps the table", async () => {
  git.write("config/pipeline.yaml", pipeline(FANG.replace("fang", "faang")));
  const before = await tableName("FangTable");
  const { code, stderr } = await warren("plan", "--stage", "prod");
  expect(code).toBe(1);
  expect(stderr).toContain("it looks as if `fang` were renamed to `faang`");
  expect(stderr).toContain("Write `was: fang` at `faang`, and it stays the same one.");

  git.write("config/pipeline.yaml", pipeline("  faang: { kind: table, key: name, was: fang }"));
  const renamed = await warren("deploy", "--stage", "prod");
  expect(renamed.code).toBe(0);
  expect(await tableName("FangTable")).toBe(before);
});

test("with a waiver the table is replaced, and the waiver is told", async () => {
  const waivers = "waivers: [{ component: faang, allow: replace, until: 2999-12-31, why: another key }]\n";
  const changed = "  faang: { kind: table, key: symbol, was: fang }";
  git.write("config/pipeline.yaml", pipeline(changed, waivers.replace("2999", "2020")));
  const expired = await warren("deploy", "--stage", "prod");
  expect(expired.code).toBe(1);
  expect(expired.stderr).toContain("The waiver in line 7 has expired on 2020-12-31.");

  git.write("config/pipeline.yaml", pipeline(changed, waivers));
  const { code, stderr } = await warren("deploy", "--stage", "prod");
  expect(stderr).toContain(
    "config/pipeline.yaml:7:13: `faang` may be replaced until 2999-12-31: another key",
  );
  expect(code).toBe(0);
});
