import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { actionsRunner } from "../../action/edge/runner.ts";

test("what is kept is a file of the job, which a later step finds by its path", async () => {
  const folder = await mkdtemp(join(tmpdir(), "warren-runner-temp-"));
  vi.stubEnv("RUNNER_TEMP", folder);
  const path = await actionsRunner().keep("warren-burrow.md", "# All of it 🐇\n");
  expect(path).toBe(join(folder, "warren-burrow.md"));
  expect(await readFile(path, "utf8")).toBe("# All of it 🐇\n");
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});
