/** AWS for one purpose of a run: the role for it, narrowed to the stacks that it is about. */
import { type Use, roleFor, serviceRoleOf, useOf } from "./core/access.ts";
import type { RunContext } from "./core/event.ts";
import type { Inputs } from "./core/inputs.ts";
import { sessionName, sessionPolicy } from "./core/session-policy.ts";
import type { Stage } from "./core/stage.ts";
import { environmentsOf, refsOf } from "./core/trust.ts";
import type { Credentials } from "./edge/clients.ts";
import { renewing } from "./edge/identity.ts";
import type { AwsPorts, Identity, Stacks } from "./aws-ports.ts";
import type { Clock } from "./ports.ts";

export interface Access {
  readonly use: Use;
  readonly pipeline: string;
  /** Names of the stacks that may be changed; `*` at the end stands for any. */
  readonly stacks: readonly string[];
  readonly region: string | undefined;
  /** ARN of the stage's own role; without, the input's. */
  readonly role: string | undefined;
  /** All of pipeline.yaml, to explain a refusal: whose environments the role trusts. */
  readonly stages: readonly Stage[];
}

export interface SessionPorts {
  readonly identity: Identity;
  readonly clock: Clock;
  /** Credentials: how to get them, or undefined for those of the environment. */
  readonly connect: (region: string, credentials: (() => Promise<Credentials>) | undefined) => AwsPorts;
}

/** No call is made yet. Without a role, the credentials are those that another step has put into the environment. */
export function openSession(
  access: Access,
  { inputs, run, region }: { readonly inputs: Inputs; readonly run: RunContext; readonly region: string },
  { identity, clock, connect }: SessionPorts,
): AwsPorts {
  const { use, pipeline, stacks, stages } = access;
  const given = access.role ?? inputs.role;
  if (given === "") return connect(region, undefined);
  const role = roleFor(given, use);
  const serviceRole = serviceRoleOf(role);
  const own = useOf(role) !== undefined;
  const refs = refsOf(use, stages);
  const assume = renewing(
    () =>
      identity.assume({
        role,
        region,
        sessionName: sessionName(run),
        policy: sessionPolicy({ role, pipeline, stacks, serviceRole }),
        trust: own
          ? {
              use,
              repository: { name: run.repository, id: run.repositoryId, ownerId: run.ownerId },
              environments: environmentsOf(use, stages),
              ...(refs && { refs }),
            }
          : undefined,
      }),
    clock,
  );
  const aws = connect(region, assume);
  return serviceRole === undefined ? aws : { ...aws, stacks: actingAs(serviceRole, aws.stacks) };
}

/** CloudFormation makes and deletes the resources with a role of its own, so that ours needs no rights on them. */
function actingAs(serviceRole: string, stacks: Stacks): Stacks {
  return {
    ...stacks,
    createChangeSet: (input) => stacks.createChangeSet({ serviceRole, ...input }),
    continueRollback: (input) => stacks.continueRollback({ serviceRole, ...input }),
    rollBack: (input) => stacks.rollBack({ serviceRole, ...input }),
    delete: (input) => stacks.delete({ serviceRole, ...input }),
  };
}
