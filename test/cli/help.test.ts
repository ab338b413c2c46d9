import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "../support/command-line.ts";

test("every command explains itself", async () => {
  using empty = repository({});
  const { stdout: all } = await empty.warren(["--help"]);
  await expect(all).toMatchFileSnapshot(join(import.meta.dirname, "help/warren.txt"));
  const commands = [...all.matchAll(/^ {2}([a-z]+)(?: \[[a-z]+\])* {2,}/gm)].map(([, name = ""]) => name);
  expect(commands).toEqual(expect.arrayContaining(["check", "build", "render", "plan", "deploy", "destroy"]));
  for (const command of commands.filter((name) => name !== "help")) {
    const { code, stdout, stderr } = await empty.warren([command, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot(join(import.meta.dirname, `help/${command}.txt`));
  }
});

test("without words it is the help, and no mistake", async () => {
  using empty = repository({});
  const [none, help] = [await empty.warren([]), await empty.warren(["--help"])];
  expect(none).toEqual(help);
});
