/** `npm run demo -- --pipeline` as a process: the whole story once, and interrupted in the middle. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { expect, test } from "vitest";

const script = `${import.meta.dirname}/../../action/local/demo.ts`;

function start(): { child: ChildProcess; printed: () => string; prints: (text: string) => Promise<void> } {
  const child = spawn(process.execPath, [script, "--pipeline"], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const listener of listeners) listener();
    });
  }
  const prints = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (text.includes(wanted)) resolve();
      };
      listeners.add(look);
      child.once("close", () => reject(new Error(`ended without printing "${wanted}":\n${text}`)));
      look();
    });
  return { child, printed: () => text, prints };
}

/** Command lines of all processes whose parent or ancestor `pid` was, found by the port that they were told. */
async function processesWith(text: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes(text));
}

test(
  "the demo runs the pipeline by hand and by its timer, and leaves nothing",
  { timeout: 900_000 },
  async () => {
    const { child, printed } = start();
    const [code] = (await once(child, "close")) as [number];
    expect({ code, printed: code === 0 ? "" : printed() }).toEqual({ code: 0, printed: "" });
    const hops = printed()
      .split("\n")
      .filter((line) => /^ +[\d.]+ s {2}/.test(line));
    expect(hops.filter((line) => line.includes("timer -> function"))).toHaveLength(2);
    expect(hops.filter((line) => line.includes("function -> bucket"))).toHaveLength(10);
    expect(printed()).toContain("refused, as it must be");
    expect(printed()).toMatch(/nothing: the demo has taken away all that it made\n$/);
  },
);

test("Ctrl-C ends the demo and the AWS that it started", { timeout: 120_000 }, async () => {
  const { child, printed, prints } = start();
  await prints("AWS at http://127.0.0.1:");
  const address = /AWS at (http:\/\/127\.0\.0\.1:\d+)/.exec(printed())?.[1] ?? "";
  await prints("is created");
  child.kill("SIGINT");
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(130);
  expect(printed()).toContain("interrupted: the local AWS and all that was deployed to it are gone");
  await expect(fetch(address)).rejects.toThrow("fetch failed");
  expect(await processesWith(`AWS_ENDPOINT_URL=${address}`)).toEqual([]);
});
