import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { explainDiskError } from "../../action/core/disk-error.ts";

async function thrownBy(action: Promise<unknown>): Promise<unknown> {
  return await action.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error,
  );
}

test("a place that cannot be written is told with its path, without a stack trace", async () => {
  const folder = import.meta.dirname;
  const error = explainDiskError(await thrownBy(writeFile(folder, "mine")));
  expect(error?.reason).toBe("file-trouble");
  expect(error?.message).toBe(`${folder} is a folder, not a file`);
});

test("a file that is not there may be a bug, and stays one", async () => {
  expect(explainDiskError(await thrownBy(readFile("/nowhere/at/all")))).toBeUndefined();
});
