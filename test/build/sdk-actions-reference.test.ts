/** The tables of actions, held to what AWS says: IAM's reference, and all operations of all services (botocore's models). */
import { beforeAll, expect, test } from "vitest";

import { iamReference, sdkClients } from "../../scripts/sdk-clients.ts";
import special from "../../templates/sdk-actions.json" with { type: "json" };
import made from "../../templates/sdk-clients.json" with { type: "json" };

type Need = readonly string[] | { readonly anyOf: readonly string[] };
type Arguments = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>>
>;

const commands: Readonly<Record<string, Readonly<Record<string, Need>>>> = special.commands;
const further: readonly Arguments[] = [special.arguments, special.onBehalf];
const prefixes: Readonly<Record<string, string>> = made.clients;
const unsigned: Readonly<Record<string, readonly string[]>> = made.unsigned;
const undecided: Readonly<Record<string, readonly string[]>> = made.undecided;

let reference: Awaited<ReturnType<typeof iamReference>>;
let operations: ReadonlyMap<string, readonly string[]>;
beforeAll(async () => {
  reference = await iamReference();
  operations = new Map(sdkClients().map((client) => [client.name, client.operations]));
});

test("every action is IAM's, as IAM writes it", () => {
  const needs = Object.values(commands).flatMap((all) => Object.values(all));
  const byArgument = further.flatMap((part) => Object.values(part).flatMap((all) => Object.values(all)));
  const actions = [
    ...needs.flatMap((need) => ("anyOf" in need ? need.anyOf : need)),
    ...byArgument.flatMap((all) => Object.values(all).flat()),
    ...special.goAlong,
  ];
  expect(actions.length).toBeGreaterThan(300);
  expect(actions.filter((action) => !isOfIam(action))).toEqual([]);
});

function isOfIam(action: string): boolean {
  const [prefix = "", name = ""] = action.split(":");
  return reference.get(prefix)?.get(name.toLowerCase()) === name;
}

test("every prefix is IAM's", () => {
  const all = [...Object.values(prefixes), ...special.opaque.flatMap((entry) => entry.prefixes ?? [])];
  expect(all.filter((prefix) => !reference.has(prefix) && prefix !== "rds-db")).toEqual([]);
  // Not of an API: what a token to log in to a database with is for.
  expect(reference.has("rds-db")).toBe(true);
});

test("every command that is named is an operation of its client", () => {
  const named = [
    ...Object.entries(commands).flatMap(([client, all]) =>
      Object.keys(all).map((name) => ({ client, name })),
    ),
    ...further.flatMap((part) =>
      Object.entries(part).flatMap(([client, all]) =>
        Object.values(all).flatMap((some) => Object.keys(some).map((name) => ({ client, name }))),
      ),
    ),
  ];
  expect(
    named.filter(({ client, name }) => name !== "*" && operations.get(client)?.includes(name) !== true),
  ).toEqual([]);
});

/** Clients that are not in botocore; their operations are those of another one. */
const SAME_AS: Readonly<Record<string, string>> = { "cloudwatch-events": "eventbridge" };
/** No operation of it is known here: StartStreamTranscription and two others, all of which are IAM's. */
const UNKNOWN = ["transcribe-streaming"];
/** Services that AWS has closed, and IAM's reference has forgotten. */
const CLOSED = ["applicationcostprofiler", "iotthingsgraph"];

test("all clients of AWS are known", () => {
  expect([...operations.keys()].filter((client) => !(client in prefixes))).toEqual(CLOSED);
  expect(Object.keys(prefixes).filter((client) => !operations.has(SAME_AS[client] ?? client))).toEqual(
    UNKNOWN,
  );
});

test("every operation has an action of its own name, or an entry of its own", () => {
  const all = Object.entries(prefixes).flatMap(([client, prefix]) =>
    (operations.get(SAME_AS[client] ?? client) ?? []).map((name) => ({ client, prefix, name })),
  );
  expect(all.length).toBeGreaterThan(18_000);
  const isListed = (lists: typeof unsigned, client: string, name: string): boolean =>
    lists[client]?.includes(name) === true || lists[client]?.includes("*") === true;
  const without = all.filter(
    ({ client, prefix, name }) =>
      !(name in (commands[client] ?? {})) &&
      !isListed(unsigned, client, name) &&
      !isListed(undecided, client, name) &&
      !isOfIam(`${prefix}:${reference.get(prefix)?.get(name.toLowerCase()) ?? name}`),
  );
  expect(without).toEqual([]);
  expect(all.filter(({ client, name }) => isListed(undecided, client, name)).length).toBeLessThan(
    all.length / 40,
  );
});

/** Of what functions call most. A function that calls one of these gets all that its arrows to the service may grant. */
const UNDECIDED: Readonly<Record<string, readonly string[]>> = {
  // Newer than the reference.
  cloudwatch: [
    "AssociateDatasetKmsKey",
    "CreateResourceMetricsConfiguration",
    "DeleteResourceMetricsConfiguration",
    "DescribeAlarmContributors",
    "DisassociateDatasetKmsKey",
    "GetResourceMetricsConfiguration",
    "UpdateOTelEnrichment",
    "UpdateResourceMetricsConfiguration",
  ],
  "cloudwatch-logs": ["GetLogObject"],
  "cognito-identity-provider": ["GetClientToken"],
  "redshift-data": ["GetStatementResultV2"],
  s3vectors: ["PutVectorBucketDefaultIndexMode", "UpdateIndexMode"],
  transcribe: ["UpdateLanguageModel"],
  // Out of use: the SDK for JavaScript has them no more.
  s3: ["GetBucketLifecycle", "PutBucketLifecycle"],
  // Out of use, with an action that IAM's reference has forgotten.
  comprehendmedical: ["DetectEntities"],
  // IAM asks for the method and the path of the request: apigateway:GET.
  "api-gateway": ["*"],
  apigatewayv2: ["*"],
};
const USUAL = `
  api-gateway apigatewaymanagementapi apigatewayv2 appconfigdata athena batch bedrock-agent-runtime
  bedrock-runtime cloudformation cloudwatch cloudwatch-events cloudwatch-logs codebuild codepipeline
  cognito-identity cognito-identity-provider comprehend comprehendmedical dsql dynamodb
  dynamodb-streams ecs eventbridge firehose iot-data-plane kinesis kms lambda lex-runtime-v2 location
  opensearch opensearchserverless personalize-events personalize-runtime pinpoint polly rds-data
  redshift-data rekognition route-53 s3 s3-control s3tables s3vectors sagemaker-runtime scheduler
  secrets-manager ses sesv2 sfn sns sqs ssm sts textract timestream-query timestream-write transcribe
  transcribe-streaming translate verifiedpermissions xray
`
  .trim()
  .split(/\s+/);

test("of the usual clients only this is undecided", () => {
  expect(USUAL.filter((client) => !(client in prefixes))).toEqual([]);
  expect(
    Object.fromEntries(USUAL.flatMap((name) => (undecided[name] ? [[name, undecided[name]]] : []))),
  ).toEqual(UNDECIDED);
});
