import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import { readProject } from "../../action/project.ts";
import { repositoryRoot, shippedCatalog } from "../support/shipped.ts";
import { CASES, OUTPUTS, caseNames, renderCase, workspaceOf } from "./case.ts";

test.each(caseNames())("%s", async (name) => {
  const rendering = await renderCase(name);
  const folder = join(CASES, name);
  const outdated = readdirSync(folder).filter((file) => OUTPUTS.includes(file) && !(file in rendering));
  expect(outdated, "no longer an outcome of this case").toEqual([]);
  for (const [file, text] of Object.entries(rendering)) {
    await expect(text).toMatchFileSnapshot(join(folder, file));
  }
});

test("the case of every connection has each of them", async () => {
  const workspace = workspaceOf("every-connection");
  const { pipeline } = await readProject({ workspace, shipped: diskWorkspace(repositoryRoot) });
  const drawn = new Set(pipeline.arrows.map(({ connection }) => connection.file));
  const { connections } = await shippedCatalog();
  expect(connections.map(({ file }) => file).filter((file) => !drawn.has(file))).toEqual([]);
});
