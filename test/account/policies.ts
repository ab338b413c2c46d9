/** The policies of an account's roles as IAM has them, to be read and to be cut. */
import {
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  type IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { type Suffix, roleName } from "../../action/core/access.ts";
import type { World } from "./world.ts";

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

export interface Policy {
  /** `plan`, `preview`, `deploy`, `sweep`, `stacks`. */
  readonly label: string;
  /** Name of the role whose actions it allows. */
  readonly role: string;
  readonly statements: readonly Statement[];
  put(statements: readonly Statement[]): Promise<void>;
}

function document(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

function statementsOf(text: string): readonly Statement[] {
  return (JSON.parse(decodeURIComponent(text)) as { Statement: Statement[] }).Statement;
}

async function inlinePolicy(iam: IAMClient, label: string, role: string): Promise<Policy> {
  const place = { RoleName: role, PolicyName: "warren" };
  const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand(place));
  return {
    label,
    role,
    statements: statementsOf(PolicyDocument),
    put: async (statements) => {
      await iam.send(new PutRolePolicyCommand({ ...place, PolicyDocument: document(statements) }));
    },
  };
}

async function managedPolicy(
  iam: IAMClient,
  label: string,
  role: string,
  PolicyArn: string,
): Promise<Policy> {
  const current = async (): Promise<string> => {
    const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    return policy?.DefaultVersionId ?? "";
  };
  const { PolicyVersion } = await iam.send(
    new GetPolicyVersionCommand({ PolicyArn, VersionId: await current() }),
  );
  return {
    label,
    role,
    statements: statementsOf(PolicyVersion?.Document ?? ""),
    put: async (statements) => {
      const VersionId = await current();
      const PolicyDocument = document(statements);
      await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }));
      // IAM keeps five.
      await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    },
  };
}

/** The roles' own policies, and the one that CloudFormation's roles share. */
export async function policiesOf(
  iam: IAMClient,
  { aws, project }: Pick<World, "aws" | "project">,
): Promise<readonly Policy[]> {
  const name = (suffix: Suffix): string => roleName(project.pipeline.name, aws.region, suffix);
  const uses = ["plan", "preview", "deploy", "sweep"] as const;
  return [
    ...(await Promise.all(uses.map((use) => inlinePolicy(iam, use, name(use))))),
    await managedPolicy(
      iam,
      "stacks",
      name("stacks"),
      `arn:aws:iam::${aws.account}:policy/warren-${name("stacks")}`,
    ),
  ];
}
