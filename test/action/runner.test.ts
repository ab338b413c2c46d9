import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { actionsRunner } from "../../action/edge/runner.ts";

test("what is kept is a file of the step's own, which a later one finds by its path", async () => {
  const folder = await mkdtemp(join(tmpdir(), "warren-runner-temp-"));
  vi.stubEnv("RUNNER_TEMP", folder);
  const [first, second] = [actionsRunner(), actionsRunner()];
  const path = await first.keep("warren-burrow.md", "# All of it 🐇\n");
  await second.keep("warren-burrow.md", "another\n");
  expect(path.startsWith(join(folder, "warren-"))).toBe(true);
  expect(basename(path)).toBe("warren-burrow.md");
  expect(await readFile(path, "utf8")).toBe("# All of it 🐇\n");
  expect(dirname(await first.keep("plan.json", "{}"))).toBe(dirname(path));
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});
