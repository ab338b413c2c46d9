/** N functions that have a module in common. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What every second one does; the others use a package of 100 kB from npm. */
export const WORKS = {
  /** Nothing but Node: the tools' own cost shows. */
  plain: (i: number) => `
import { randomUUID } from "node:crypto";
import { shared } from "./shared";
export async function handler(): Promise<string> {
  return shared(${i}) + randomUUID();
}
`,
  /** A client of the AWS SDK: what is bundled weighs more than the tools. */
  sdk: (i: number) => `
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { shared } from "./shared";
const client = new SQSClient({});
export async function handler(event: { readonly queue: string }): Promise<string> {
  const sent = await client.send(new SendMessageCommand({ QueueUrl: event.queue, MessageBody: shared(${i}) }));
  return sent.MessageId ?? "";
}
`,
} as const;

export type Work = keyof typeof WORKS;

export function writeFunctions(root: string, count: number, work: Work): readonly string[] {
  const folder = join(root, "functions");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "shared.ts"), "export const shared = (n: number): string => `burrow ${n}`;\n");
  return Array.from({ length: count }, (_, i) => {
    const source = `functions/f${i}.ts`;
    writeFileSync(join(root, source), i % 2 === 0 ? WORKS[work](i) : consumer(i));
    return source;
  });
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
