/** N functions that have a module in common: every second one uses the AWS SDK, the others a package from npm. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function writeFunctions(root: string, count: number): readonly string[] {
  const folder = join(root, "functions");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "shared.ts"), "export const shared = (n: number): string => `burrow ${n}`;\n");
  return Array.from({ length: count }, (_, i) => {
    const source = `functions/f${i}.ts`;
    writeFileSync(join(root, source), i % 2 === 0 ? producer(i) : consumer(i));
    return source;
  });
}

function producer(i: number): string {
  return `
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { shared } from "./shared";
const client = new SQSClient({});
export async function handler(event: { readonly queue: string }): Promise<string> {
  const sent = await client.send(new SendMessageCommand({ QueueUrl: event.queue, MessageBody: shared(${i}) }));
  return sent.MessageId ?? "";
}
`;
}

function consumer(i: number): string {
  return `
import { parse } from "yaml";
import { shared } from "./shared";
export async function handler(event: { readonly body: string }): Promise<string> {
  return shared(${i}) + JSON.stringify(parse(event.body));
}
`;
}
