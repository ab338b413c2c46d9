/** The real ports: the disk, esbuild, AWS. What the command line and the Action have in common. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "./core/problem.ts";
import { createArtifacts } from "./edge/artifacts.ts";
import { createClients } from "./edge/clients.ts";
import { systemClock } from "./edge/clock.ts";
import { esbuildBuilder } from "./edge/esbuild.ts";
import { createItems } from "./edge/items.ts";
import { createQuiet } from "./edge/quiet.ts";
import { createStacks } from "./edge/stacks.ts";
import { diskWorkspace } from "./edge/workspace.ts";
import type { AwsPorts, Log, Ports } from "./ports.ts";

export interface SystemSettings {
  /** Absolute path of the repository to work on. */
  readonly root: string;
  readonly console: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function systemPorts({ root, console, environment }: SystemSettings): Ports {
  return {
    log: console,
    clock: systemClock,
    workspace: diskWorkspace(root),
    shipped: diskWorkspace(shippedRoot(import.meta.dirname)),
    builder: esbuildBuilder({ root }),
    aws: (region) => awsPorts(region, environment),
  };
}

/** `templates/` lies beside the bundle in dist/, and one folder up from the sources. */
function shippedRoot(here: string): string {
  return existsSync(join(here, "templates")) ? here : dirname(here);
}

function awsPorts(wanted: string | undefined, environment: SystemSettings["environment"]): AwsPorts {
  const region = wanted ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"];
  if (region === undefined || region === "") {
    throw new UserError("region-missing", {
      message: "no AWS region is known",
      hint: "Set `region:` of the stage in config/pipeline.yaml, or AWS_REGION in the environment.",
    });
  }
  const endpoint = environment["AWS_ENDPOINT_URL"];
  const [accessKeyId, secretAccessKey, sessionToken] = [
    environment["AWS_ACCESS_KEY_ID"],
    environment["AWS_SECRET_ACCESS_KEY"],
    environment["AWS_SESSION_TOKEN"],
  ];
  const clients = createClients({
    region,
    ...(endpoint ? { endpoint } : {}),
    // Without keys the SDK looks further by itself: profiles, single sign-on, the instance's role.
    ...(accessKeyId && secretAccessKey
      ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } }
      : {}),
  });
  return {
    stacks: createStacks(clients, systemClock),
    artifacts: createArtifacts(clients),
    items: createItems(clients, systemClock),
    quiet: createQuiet(clients),
  };
}
