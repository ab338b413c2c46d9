import { expect, test } from "vitest";

import type { ArtifactFile } from "../../action/core/artifact.ts";
import { sizeProblem } from "../../action/core/size.ts";
import { requestOf } from "./project.ts";

const MIB = 1024 * 1024;

function file(path: string, bytes: number): ArtifactFile {
  return { path, mode: 0o644, content: new Uint8Array(bytes) };
}

test("250 MiB are taken, and a byte more is refused with what takes the room", () => {
  const request = requestOf("functions/a.ts", 0);
  const files = [
    file("index.mjs", MIB),
    file("node_modules/@big/engine/a.node", 150 * MIB),
    file("node_modules/@big/engine/b.node", 50 * MIB),
    file("node_modules/small/node_modules/other/data", 49 * MIB),
  ];
  expect(sizeProblem(request, files)).toBeUndefined();
  expect(sizeProblem(request, [...files, file("index.mjs.map", 1)])).toEqual({
    place: request.place,
    message:
      "`functions/a.ts` is 262.1 MB when built, and Lambda takes 262.1 MB: @big/engine 209.7 MB, other 51.4 MB, index.mjs 1.0 MB",
    hint: "Take away what is not needed, or move a part into a function of its own.",
  });
});
