import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CASES, caseNames, renderCase } from "./case.ts";

const FILES = ["stack.json", "warnings.txt", "error.txt"] as const;

test.each(caseNames())("%s", async (name) => {
  const rendering = await renderCase(name);
  for (const file of FILES) {
    const path = join(CASES, name, file);
    const text = rendering[file];
    if (text === undefined) expect(existsSync(path), `${name} makes no ${file} any more`).toBe(false);
    else await expect(text).toMatchFileSnapshot(path);
  }
});
