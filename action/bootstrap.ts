/** The account's own setup, once per account and region: `templates/account.yaml` as a stack of its own. */
import { parseDocument } from "./core/document.ts";
import type { Rendered } from "./core/rendered.ts";
import { cloudFormationTags } from "./core/tags.ts";
import { type Value, canonicalJson } from "./core/value.ts";
import { type DeployOutcome, type DeployPorts, deploy } from "./deploy.ts";
import type { Ports } from "./ports.ts";

const FILE = "templates/account.yaml";
export const ACCOUNT_STACK = "warren-account";

export async function bootstrap(
  ports: DeployPorts & Pick<Ports, "workspace" | "shipped">,
): Promise<DeployOutcome> {
  const text = await ports.shipped.read(FILE);
  if (text === undefined) throw new Error(`${FILE} is not where Warren's own files are`);
  const document = parseDocument({ file: FILE, text }, cloudFormationTags);
  if (document.problems.length > 0)
    throw new Error(`${FILE}: ${document.problems.map(({ message }) => message).join()}`);
  const body = canonicalJson(document.value as Value);
  const digest = ports.workspace.sha256(body);
  const rendered: Rendered = {
    stackName: ACCOUNT_STACK,
    body,
    digest,
    protected: true,
    tags: { "warren:digest": digest },
    items: [],
    origins: {},
  };
  return deploy({ rendered, artifacts: [] }, ports);
}
