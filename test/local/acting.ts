/** Credentials of a role with just these permissions. */
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";

import type { LocalAws } from "../../action/local/aws.ts";
import { policy, type Statement } from "./templates.ts";

export interface Actor {
  readonly roleArn: string;
  /** Spread into the constructor of an SDK client. */
  readonly config: ReturnType<LocalAws["clientConfig"]>;
}

export async function putRole(
  aws: LocalAws,
  name: string,
  trusted: Statement,
  statements: readonly Statement[],
): Promise<string> {
  const iam = new IAMClient(aws.clientConfig());
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: name,
      AssumeRolePolicyDocument: JSON.stringify(policy({ Effect: "Allow", ...trusted })),
    }),
  );
  await allowRole(aws, name, statements);
  return Role?.Arn ?? "";
}

/** Replaces what the role may do. */
export async function allowRole(
  aws: LocalAws,
  name: string,
  statements: readonly Statement[],
): Promise<void> {
  await new IAMClient(aws.clientConfig()).send(
    new PutRolePolicyCommand({
      RoleName: name,
      PolicyName: "all",
      PolicyDocument: JSON.stringify(policy(...statements)),
    }),
  );
}

export async function actAs(aws: LocalAws, name: string, statements: readonly Statement[]): Promise<Actor> {
  const trusted = { Principal: { AWS: `arn:aws:iam::${aws.account}:root` }, Action: "sts:AssumeRole" };
  const roleArn = await putRole(aws, name, trusted, statements);
  const { Credentials } = await new STSClient(aws.clientConfig()).send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "test" }),
  );
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  return { roleArn, config: { ...aws.clientConfig(), credentials } };
}
