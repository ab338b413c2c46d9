/** What deploy and destroy get with a fake CloudFormation: no time passes, and what was done is written down. */
import type { DeployPorts } from "../../action/deploy.ts";
import type { DestroyPorts } from "../../action/destroy.ts";
import type { Change, ChangeSet } from "../../action/aws-ports.ts";
import { STACK_ID, fakeClock, fakeStacks } from "./fake-stacks.ts";
import type { FakeStacks, Script } from "./fake-stacks.ts";
import { sha256 } from "./world.ts";

export interface FakeWorld {
  readonly stacks: FakeStacks;
  readonly ports: DeployPorts & DestroyPorts;
  readonly lines: readonly string[];
  /** Items and markers. */
  readonly loaded: readonly string[];
  /** Physical ids. */
  readonly emptied: readonly string[];
  readonly stopped: readonly string[];
  readonly released: readonly string[];
}

export function fakeWorld(script: Script): FakeWorld {
  // Made from what these tests deploy, if a test does not say otherwise.
  const tags = { "warren:pipeline": "rabbit-hole" };
  const stacks = fakeStacks({ ...script, ...(script.stack && { stack: { tags, ...script.stack } }) });
  const lines: string[] = [];
  const loaded: string[] = [];
  const emptied: string[] = [];
  const stopped: string[] = [];
  const released: string[] = [];
  const tell = (text: string): void => void lines.push(text);
  const stop = async (physicalId: string): Promise<void> => void stopped.push(physicalId);
  const ports: FakeWorld["ports"] = {
    log: { info: tell, warn: tell, error: tell, progress: () => undefined },
    clock: fakeClock(),
    workspace: { sha256 },
    stacks,
    artifacts: {
      bucket: async () => "artifacts",
      present: async (_bucket, _prefix, keys) => new Set(keys),
      put: async (_bucket, key) => void loaded.push(key.split("/")[0] ?? ""),
      has: async () => true,
    },
    items: { load: async (name, items) => void loaded.push(`${items.length} into ${name}`) },
    quiet: {
      disableRule: stop,
      disableMapping: stop,
      stopFunction: stop,
      removeTargets: async (physicalId) => void released.push(physicalId),
      async emptyBucket(physicalId) {
        emptied.push(physicalId);
        return 1;
      },
    },
  };
  return { stacks, ports, lines, loaded, emptied, stopped, released };
}

export function ready(changes: readonly Change[] = []): ChangeSet {
  return { kind: "ready", id: "change-set", stackId: STACK_ID, changes };
}
