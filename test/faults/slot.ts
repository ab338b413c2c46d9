/** One pipeline of its own in a shared world, so that a run can be cut off and looked at without the others. */
import {
  CloudFormationClient,
  GetTemplateCommand,
  ListChangeSetsCommand,
  ListStackResourcesCommand,
  type Stack,
  paginateDescribeStacks,
} from "@aws-sdk/client-cloudformation";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { releasesThatRan } from "../../action/core/releases.ts";
import { createArtifacts } from "../../action/edge/artifacts.ts";
import { createClients } from "../../action/edge/clients.ts";
import { systemClock } from "../../action/edge/clock.ts";
import { createStacks } from "../../action/edge/stacks.ts";
import { silent } from "../../action/local/account.ts";
import { listReleases } from "../../action/releases.ts";
import { type Checkout, checkOut } from "../action/step.ts";
import type { World } from "../action/world.ts";

export interface Slot extends AsyncDisposable {
  readonly name: string;
  readonly branch: string;
  readonly checkout: Checkout;
  /** Of its pull request; 0 before there is one. */
  number: number;
}

const WORKER = "export async function handler(): Promise<void> { console.log(1); }\n";

export function pipelineOf(name: string, more = ""): string {
  return `name: ${name}
stages:
  prod: { branch: main, environment: production, protected: true }
  preview: { pull-requests: true, ttl: 7 days }
components:
  names: { kind: table, key: name, items: names.yaml }
  jobs: { kind: queue${more} }
  worker: { kind: function, source: functions/worker.ts }
flow:
  - names -> worker
  - jobs -> worker
`;
}

export async function openSlot(name: string): Promise<Slot> {
  const checkout = await checkOut({
    "config/pipeline.yaml": pipelineOf(name),
    "config/names.yaml": "- name: Netflix\n- name: Apple\n",
    "functions/worker.ts": WORKER,
  });
  return {
    name,
    branch: `of-${name}`,
    checkout,
    number: 0,
    [Symbol.asyncDispose]: () => checkout[Symbol.asyncDispose](),
  };
}

/** Another queue and other code: an update that uploads. */
export async function changeSlot({ name, checkout }: Slot): Promise<void> {
  await checkout.write({
    "config/pipeline.yaml": pipelineOf(name, ", delay: 5"),
    "functions/worker.ts": WORKER.replace("1", "2"),
  });
}

/** All that a run leaves, in words that are equal for all slots. Leftovers are in it. */
export async function stateOf(slot: Slot, world: World): Promise<string> {
  const stacks = await stacksOf(slot, world);
  const deployments = [...world.github.state.deployments.values()]
    .filter(({ task }) => task.startsWith(`warren:${slot.name}-`))
    .map(({ task, statuses }) => `${task}: ${statuses.at(-1)?.state ?? "none"}`);
  const comments = slot.number === 0 ? [] : world.comments(slot.number);
  const text = JSON.stringify({ stacks, deployments, comments }, null, 2);
  const head = world.github.state.branches.get(slot.branch);
  return (
    world
      .steady(
        head === undefined ? text : text.replaceAll(head, "<head>").replaceAll(head.slice(0, 7), "<head>"),
      )
      .replaceAll(new RegExp(`${slot.branch}-[0-9a-f]{6}`, "g"), "<branch>")
      .replaceAll(slot.branch, "<branch>")
      .replaceAll(slot.name, "<pipeline>")
      .replaceAll(
        // `&#46;` is a dot.
        new RegExp(`(?<=pull/|(?<!&)#|&#8203;|"warren:pull-request": ")${slot.number}\\b`, "g"),
        "<number>",
      )
      // What the comment remembers of the plan is salted by the stack.
      .replaceAll(/(?<=\bsha256:)[0-9a-f]{8}(?=\.\.)/g, "<fingerprint>")
      .replaceAll(/(?<=\b(?:added|changed|replaced|removed|imported) )[0-9a-f]{10}\b/g, "<hash>")
      .replaceAll(/(?<!(?:functions|previews)\/)\b[0-9a-f]{64}/g, "<digest>")
  );
}

async function stacksOf(slot: Slot, { aws }: World): Promise<unknown[]> {
  const cloudformation = new CloudFormationClient(aws.clientConfig());
  const own: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client: cloudformation }, {}))
    own.push(...Stacks.filter(({ StackName = "" }) => StackName.startsWith(`${slot.name}-`)));
  const states = own.map(
    async ({ StackName = "", StackStatus, Tags = [], Outputs = [], EnableTerminationProtection }) => {
      const named = { StackName };
      const [template, changeSets, resources] = await Promise.all([
        cloudformation.send(new GetTemplateCommand(named)),
        cloudformation.send(new ListChangeSetsCommand(named)),
        cloudformation.send(new ListStackResourcesCommand(named)),
      ]);
      const waiting = (changeSets.Summaries ?? []).filter(
        ({ ExecutionStatus }) => ExecutionStatus === "AVAILABLE",
      );
      const table = Outputs.find(({ OutputKey }) => OutputKey === "NamesName")?.OutputValue;
      return {
        name: StackName,
        // A creation that was updated later is as good as one that was not.
        status: StackStatus?.replace("UPDATE_", "").replace("CREATE_", ""),
        protected: EnableTerminationProtection,
        // The marker is the name of the operation, which tells its time.
        tags: Object.fromEntries(
          Tags.filter(({ Key }) => Key !== "warren:marker")
            .map(({ Key = "", Value }) => [Key, Value] as const)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ),
        outputs: Outputs.map(({ OutputKey = "" }) => OutputKey).toSorted((a, b) => (a < b ? -1 : 1)),
        template: template.TemplateBody,
        resources: (resources.StackResourceSummaries ?? [])
          .map(
            ({ LogicalResourceId, ResourceStatus }) =>
              `${LogicalResourceId} ${ResourceStatus?.split("_").at(-1)}`,
          )
          .toSorted(),
        changeSetsLeft: waiting.map(({ ChangeSetName }) => ChangeSetName),
        items: table === undefined ? [] : await itemsOf(table, aws),
        artifacts: await artifactsOf(template.TemplateBody ?? "", aws),
        releases: await releasesOf(StackName, aws),
      };
    },
  );
  const found = await Promise.all(states);
  cloudformation.destroy();
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function itemsOf(table: string, aws: World["aws"]): Promise<string[]> {
  const client = new DynamoDBClient(aws.clientConfig());
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
  client.destroy();
  return Items.map((item) => JSON.stringify(item)).toSorted();
}

/** What could be gone back to, newest first. */
async function releasesOf(stackName: string, aws: World["aws"]): Promise<string[]> {
  const { endpoint, region, rootCredentials: credentials } = aws;
  using clients = createClients({ region, endpoint, credentials });
  const stacks = createStacks(clients, systemClock);
  const ports = { log: silent, stacks, artifacts: createArtifacts(clients) };
  const judged = await listReleases(stackName, await stacks.find(stackName), ports);
  return releasesThatRan(judged).map(({ standing }) => standing);
}

/** Of each zip that the template names: is it there? */
async function artifactsOf(template: string, aws: World["aws"]): Promise<string[]> {
  const keys = [...template.matchAll(/"S3Key":"([^"]+)"/g)].map(([, key = ""]) => key);
  const client = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
  const Bucket = `warren-artifacts-${aws.account}-${aws.region}`;
  const states = keys.map(async (Key) => {
    const { ContentLength = 0 } = await client.send(new HeadObjectCommand({ Bucket, Key }));
    return `${Key}: ${ContentLength > 0 ? "there" : "empty"}`;
  });
  const found = await Promise.all(states);
  client.destroy();
  return found;
}
