/** The account's own setup: `templates/account.yaml` as stacks of their own, outside of any pipeline's. */
import { placeOfBucket, providerArn } from "./core/access.ts";
import { parseDocument } from "./core/document.ts";
import type { Pipeline } from "./core/pipeline.ts";
import { UserError } from "./core/problem.ts";
import type { Rendered } from "./core/rendered.ts";
import { ACCOUNT_STACK, type Setup, accountParameters, accountStackOf } from "./core/setup.ts";
import { cloudFormationTags } from "./core/tags.ts";
import { type Value, canonicalJson } from "./core/value.ts";
import { type DeployOutcome, type DeployPorts, deploy } from "./deploy.ts";
import type { Stack } from "./aws-ports.ts";
import type { Ports } from "./ports.ts";

const FILE = "templates/account.yaml";

/** By these the doctor sees that an account's stack is older than the template or than pipeline.yaml's stages. */
export const TEMPLATE_TAG = "warren:template";
export const STAGES_TAG = "warren:stages";

/** Of all that roles are told of the stages: another one means that `warren bootstrap` has to be run again. */
export function stagesDigest(
  { name, stages }: Pick<Pipeline, "name" | "stages">,
  sha256: (text: string) => string,
): string {
  const told = stages.map((stage) => ({
    name: stage.name,
    protected: stage.protected,
    environment: stage.environment ?? stage.name,
    previews: stage.trigger.kind === "pull-requests",
    branch: stage.trigger.kind === "branch" ? stage.trigger.branch : "",
  }));
  return sha256(canonicalJson({ name, stages: told }));
}

export type BootstrapPorts = DeployPorts & Pick<Ports, "workspace" | "shipped">;

export interface Roles {
  readonly setup: Setup;
  readonly pipeline: Pick<Pipeline, "name" | "stages">;
}

/**
 * Without roles: the bucket and the boundary alone, which is all that a deploy with one's own credentials needs.
 * Throws UserError: `setup-invalid`, `account-in-use`, `provider-exists`, and what `deploy` throws.
 */
export async function bootstrap(ports: BootstrapPorts, roles?: Roles): Promise<DeployOutcome> {
  const account = await ports.stacks.find(ACCOUNT_STACK);
  const owner = account?.outputs["Pipeline"] ?? "";
  if (!roles) {
    if (account && owner !== "") throw wouldTakeRoles(account);
    return deployAccount(ACCOUNT_STACK, {}, {}, ports);
  }
  const { setup, pipeline } = roles;
  // The bucket's name is the one place where AWS tells us both.
  const place = placeOfBucket(await ports.artifacts.bucket());
  const shared = owner === "" || owner === pipeline.name;
  // An account has one provider for an issuer: the first pipeline's stack has made it, or was told of it.
  const known = shared ? "" : (account?.outputs["OidcProvider"] ?? "");
  const provider = setup.provider || known;
  const facts = { pipeline: pipeline.name, stages: pipeline.stages, region: place.region, shared };
  const parameters = accountParameters({ ...setup, provider }, facts);
  const stackName = shared ? ACCOUNT_STACK : accountStackOf(pipeline.name);
  const former = shared ? account : await ports.stacks.find(stackName);
  refuseOther(former, setup);
  try {
    const tags = { [STAGES_TAG]: stagesDigest(pipeline, ports.workspace.sha256) };
    return await deployAccount(stackName, parameters, tags, ports);
  } catch (error) {
    throw providerExists(error, providerArn(place)) ?? error;
  }
}

async function deployAccount(
  stackName: string,
  parameters: Readonly<Record<string, string>>,
  tags: Readonly<Record<string, string>>,
  ports: BootstrapPorts,
): Promise<DeployOutcome> {
  const body = await accountTemplate(ports);
  const digest = ports.workspace.sha256(canonicalJson({ body, parameters }));
  const rendered: Rendered = {
    stackName,
    body,
    parameters,
    namesRoles: true,
    digest,
    protected: true,
    tags: { "warren:digest": digest, [TEMPLATE_TAG]: ports.workspace.sha256(body), ...tags },
    items: [],
    origins: {},
  };
  return deploy({ rendered, artifacts: [] }, ports);
}

/** Canonical JSON of templates/account.yaml. */
export async function accountTemplate({ shipped }: Pick<Ports, "shipped">): Promise<string> {
  const text = await shipped.read(FILE);
  if (text === undefined) throw new Error(`${FILE} is not where Warren's own files are`);
  const document = parseDocument({ file: FILE, text }, cloudFormationTags);
  if (document.problems.length > 0)
    throw new Error(`${FILE}: ${document.problems.map(({ message }) => message).join()}`);
  return canonicalJson(document.value as Value);
}

/** Parameters that are left out would take the roles away, and with them every workflow's way in. */
function wouldTakeRoles({ outputs }: Stack): UserError {
  const { Repository = "", RepositoryId = "", OwnerId = "" } = outputs;
  return new UserError("account-in-use", {
    message: `${ACCOUNT_STACK} holds the roles of ${Repository}: without them it would lose its access`,
    hint: `Run \`warren bootstrap --repository ${Repository} --repository-id ${RepositoryId} --owner-id ${OwnerId}\`.`,
  });
}

/** A typo, or another repository with a pipeline of the same name: either way somebody else's access is at stake. */
function refuseOther(former: Stack | undefined, { repository }: Setup): void {
  const trusted = former?.outputs["RepositoryId"] ?? "";
  if (!former || trusted === "" || trusted === repository.id) return;
  throw new UserError("account-in-use", {
    message: `${former.name} holds the roles of ${former.outputs["Repository"]} (${trusted}), not of ${repository.name} (${repository.id})`,
    hint: "Two repositories need two pipelines: rename this one's in config/pipeline.yaml. If the other repository is gone, delete that stack first.",
  });
}

function providerExists(error: unknown, arn: string): UserError | undefined {
  if (!(error instanceof UserError) || error.reason !== "deploy-failed") return undefined;
  if (!/Provider with url .* already exists|oidc-provider.* already exists/i.test(error.message))
    return undefined;
  return new UserError(
    "provider-exists",
    {
      message: "the account has an OIDC provider for GitHub already, and can have only one",
      hint: `Add \`--provider ${arn}\`.`,
    },
    { cause: error },
  );
}
