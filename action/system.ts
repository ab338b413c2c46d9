/** The real ports: the disk, esbuild, AWS. What the command line and the Action have in common. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildsFolder } from "./core/kept-build.ts";
import { UserError } from "./core/problem.ts";
import { createArtifacts } from "./edge/artifacts.ts";
import { createBuilder } from "./edge/builder.ts";
import { cacheFolder } from "./edge/cache.ts";
import { type Credentials, createClients } from "./edge/clients.ts";
import { systemClock } from "./edge/clock.ts";
import { createDrift } from "./edge/drift.ts";
import { createGitHubApi } from "./edge/github-api.ts";
import { createItems } from "./edge/items.ts";
import { createJudges } from "./edge/judges.ts";
import { createProbe } from "./edge/probe.ts";
import { createQuiet } from "./edge/quiet.ts";
import { createQuotas } from "./edge/quotas.ts";
import { createRepositorySettings } from "./edge/repository-settings.ts";
import { createStacks } from "./edge/stacks.ts";
import { createTemplates } from "./edge/templates.ts";
import { diskWorkspace, isAncestorIn } from "./edge/workspace.ts";
import type { AwsPorts } from "./aws-ports.ts";
import type { Log, Ports } from "./ports.ts";

export interface SystemSettings {
  /** Absolute path of the repository to work on. */
  readonly root: string;
  readonly console: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function systemPorts({ root, console, environment }: SystemSettings): Ports {
  const token = environment["GITHUB_TOKEN"] || environment["GH_TOKEN"];
  const apiUrl = environment["GITHUB_API_URL"] || "https://api.github.com";
  return {
    log: console,
    clock: systemClock,
    workspace: diskWorkspace(root),
    shipped: diskWorkspace(shippedRoot(import.meta.dirname)),
    builder: createBuilder({ root, environment, cache: buildsFolder(environment, cacheFolder(environment)) }),
    judges: createJudges(environment["PATH"] ?? ""),
    isAncestor: (ancestor, commit) => isAncestorIn(root, ancestor, commit),
    aws: (region) => awsPorts(regionOf(region, environment), environment),
    ...(token && {
      settings: (repository) =>
        createRepositorySettings(createGitHubApi({ token, repository, apiUrl, runUrl: "" }, systemClock)),
    }),
  };
}

/** `templates/` lies beside the bundle in dist/, and one folder up from the sources. */
function shippedRoot(here: string): string {
  return existsSync(join(here, "templates")) ? here : dirname(here);
}

/** Throws UserError `region-missing` or `region-invalid`. */
export function regionOf(wanted: string | undefined, environment: SystemSettings["environment"]): string {
  const region = wanted || environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"];
  if (!region) {
    throw new UserError("region-missing", {
      message: "no AWS region is known",
      hint: "Set `region:` of the stage in config/pipeline.yaml, or AWS_REGION in the environment.",
    });
  }
  // The SDK takes it unseen and fails much later, in words of its own.
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(region)) {
    const message = `\`${region}\` is no AWS region`;
    throw new UserError("region-invalid", {
      message,
      hint: "Regions look like eu-central-1: check AWS_REGION.",
    });
  }
  return region;
}

/** Credentials are those of the environment, unless they are given. Throws UserError `endpoint-invalid`. */
export function awsPorts(
  region: string,
  environment: SystemSettings["environment"],
  credentials?: () => Promise<Credentials>,
): AwsPorts {
  const endpoint = environment["AWS_ENDPOINT_URL"];
  if (endpoint && !(/^https?:/.test(endpoint) && URL.canParse(endpoint))) {
    const message = `\`${endpoint}\` is no URL`;
    throw new UserError("endpoint-invalid", {
      message,
      hint: "It begins with https:// or http://. Mend AWS_ENDPOINT_URL, or unset it to use AWS.",
    });
  }
  const [accessKeyId, secretAccessKey, sessionToken] = [
    environment["AWS_ACCESS_KEY_ID"],
    environment["AWS_SECRET_ACCESS_KEY"],
    environment["AWS_SESSION_TOKEN"],
  ];
  const clients = createClients({
    region,
    ...(endpoint ? { endpoint } : {}),
    // Without keys the SDK looks further by itself: profiles, single sign-on, the instance's role.
    ...(credentials
      ? { credentials }
      : accessKeyId && secretAccessKey
        ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } }
        : {}),
  });
  return {
    stacks: createStacks(clients, systemClock),
    drift: createDrift(clients, systemClock),
    templates: createTemplates(clients),
    artifacts: createArtifacts(clients),
    items: createItems(clients, systemClock),
    quiet: createQuiet(clients),
    quotas: createQuotas(clients),
    probe: createProbe(clients),
  };
}
