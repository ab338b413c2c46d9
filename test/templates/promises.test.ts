/** What holds for every shipped template, and what neither cfn-lint nor the check of a single file can see. */
import { readFile, readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { type Catalog, endParameter, readCatalog } from "../../action/core/catalog.ts";
import type { Resource, Template } from "../../action/core/template.ts";
import { type Value, type ValueMap, isValueList, isValueMap } from "../../action/core/value.ts";

async function shippedCatalog(): Promise<Catalog> {
  const folders = ["templates/components", "templates/connections"];
  const names = await Promise.all(
    folders.map(async (folder) => (await readdir(folder)).map((name) => `${folder}/${name}`)),
  );
  const sources = await Promise.all(
    names.flat().map(async (file) => ({ file, text: await readFile(file, "utf8") })),
  );
  const result = readCatalog(sources);
  if (result.kind === "problems") throw new Error(JSON.stringify(result.problems, null, 2));
  return result.catalog;
}

const catalog = await shippedCatalog();
const templates: readonly Template[] = [...catalog.components.values(), ...catalog.connections];

/** Every map inside of a value, itself included. */
function mapsIn(value: unknown): ValueMap[] {
  if (Array.isArray(value)) return value.flatMap(mapsIn);
  return isValueMap(value) ? [value, ...Object.values(value).flatMap(mapsIn)] : [];
}

/** Resources of one type, as `[where, resource]`. */
function resourcesOf(type: string): [string, Resource][] {
  return templates.flatMap(({ file, resources }) =>
    Object.entries(resources).flatMap(([id, resource]): [string, Resource][] =>
      resource.Type === type ? [[`${file} ${id}`, resource]] : [],
    ),
  );
}

/** All statements that allow something: in policies, and in what connections put into the policies of others. */
const allowed = templates.flatMap((template) =>
  mapsIn([template.resources, template.metadata])
    .filter((map) => map["Effect"] === "Allow")
    .map((statement) => ({ file: template.file, statement })),
);

function texts(value: Value | undefined): string[] {
  if (typeof value === "string") return [value];
  return isValueList(value) ? value.flatMap(texts) : [];
}

test("every parameter is read by its own template, by Warren or by an arrow", () => {
  const unread = templates.flatMap((template) => {
    const { conditions, resources, outputs, metadata } = template;
    const text = JSON.stringify([conditions, resources, outputs, metadata]);
    const bound = catalog.connections.flatMap((connection) =>
      Object.keys(connection.parameters).flatMap((name) => {
        const parameter = endParameter(name);
        const kind = parameter?.end === "From" ? connection.from : connection.to;
        return template.type === "component" && parameter && kind === template.kind ? [parameter.of] : [];
      }),
    );
    return Object.keys(template.parameters)
      .filter((name) => !bound.includes(name) && !text.includes(`"${name}"`) && !text.includes(`\${${name}}`))
      .map((name) => `${template.file} ${name}`);
  });
  expect(unread).toEqual([]);
});

test("no statement allows a wildcard action", () => {
  expect(allowed.length).toBeGreaterThan(0);
  expect(
    allowed.filter(({ statement }) => texts(statement["Action"]).some((action) => action.includes("*"))),
  ).toEqual([]);
});

test("only X-Ray, which has no resources, is allowed on everything", () => {
  const everywhere = allowed.filter(({ statement }) => texts(statement["Resource"]).includes("*"));
  expect(everywhere.map(({ statement }) => statement["Action"])).toEqual([
    ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
  ]);
});

test("no role has a managed policy", () => {
  const roles = resourcesOf("AWS::IAM::Role");
  expect(roles.length).toBeGreaterThan(0);
  expect(roles.filter(([, { Properties }]) => Properties?.["ManagedPolicyArns"] !== undefined)).toEqual([]);
});

test("an arrow's policy is cut to what the code calls, unless AWS itself acts in the function's name", () => {
  const kept = catalog.connections.flatMap(({ file, resources, metadata }) =>
    Object.entries(resources)
      .filter(([id, { Type }]) => Type === "AWS::IAM::RolePolicy" && metadata.Grants?.[id] === undefined)
      .map(([id]) => `${file.replace("templates/connections/", "")} ${id}`),
  );
  expect(kept.toSorted()).toEqual([
    "function-to-queue.failure.yaml SendPolicy",
    "parameter-to-function.yaml KeyPolicy",
    "queue-to-function.yaml PollPolicy",
    "secret-to-function.yaml KeyPolicy",
    "table-to-function.stream.yaml PollPolicy",
  ]);
});

test("who may start a function is one resource, not a whole service", () => {
  const permissions = resourcesOf("AWS::Lambda::Permission");
  expect(permissions.length).toBeGreaterThan(0);
  expect(permissions.filter(([, { Properties }]) => Properties?.["SourceArn"] === undefined)).toEqual([]);
});

test("a service that may send to a queue or topic may do so for one resource only", () => {
  const services = allowed.filter(
    ({ statement: { Principal, Action } }) => isValueMap(Principal) && Action !== "sts:AssumeRole",
  );
  expect(services.length).toBeGreaterThan(0);
  const open = services.filter(
    ({ statement }) => !JSON.stringify(statement["Condition"] ?? "").includes("aws:SourceArn"),
  );
  expect(open).toEqual([]);
});

test("a mapping waits for the policy that Lambda checks when it is made", () => {
  const mappings = resourcesOf("AWS::Lambda::EventSourceMapping");
  expect(mappings.length).toBeGreaterThan(0);
  expect(mappings.filter(([, { DependsOn }]) => DependsOn !== "PollPolicy")).toEqual([]);
});

test("every queue and bucket refuses plain HTTP and is encrypted", () => {
  const encryption = { "AWS::SQS::Queue": "SqsManagedSseEnabled", "AWS::S3::Bucket": "BucketEncryption" };
  for (const [type, property] of Object.entries(encryption)) {
    const holders = resourcesOf(type);
    const policies = resourcesOf(`${type}Policy`);
    const refusals = policies.filter(([, policy]) =>
      JSON.stringify(policy).includes('{"aws:SecureTransport":"false"}'),
    );
    expect(holders.length).toBeGreaterThan(0);
    expect(refusals).toHaveLength(holders.length);
    expect(holders.filter(([, { Properties }]) => Properties?.[property] === undefined)).toEqual([]);
  }
});
