import { expect, test } from "vitest";

import { project } from "./project.ts";

const body = (code: string): string => `
  import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
  export const handler = async ({ Bucket, Key }: any) => ${code};`;

/** What the code is, and the actions that it needs. */
const ARGUMENTS: readonly (readonly [code: string, ...actions: string[]])[] = [
  [body("new PutObjectCommand({ Bucket, Key, Body: { ...Bucket } })"), "s3:PutObject"],
  [body("new PutObjectCommand({ Bucket, Key, Tagging: 'a=b' })"), "s3:PutObject", "s3:PutObjectTagging"],
  [
    body("[new PutObjectCommand({ Bucket }), new GetObjectCommand({ Bucket, VersionId: Key })]"),
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
  ],
  [body("new GetObjectCommand(Bucket)"), "s3:GetObject", "s3:GetObjectVersion"],
  [body("new GetObjectCommand({ Key, ...Bucket })"), "s3:GetObject", "s3:GetObjectVersion"],
  // Of a package that makes the commands, nobody knows with what.
  [
    'import { read } from "reading"; export const handler = async () => read({});',
    "s3:GetObject",
    "s3:GetObjectVersion",
  ],
];

test("what a command needs by its arguments", async () => {
  using here = project({
    "functions/node_modules/reading/package.json": "{}",
    "functions/node_modules/reading/index.js": `import { GetObjectCommand } from "@aws-sdk/client-s3";
      export const read = (input) => new GetObjectCommand({ Key: input });`,
    ...Object.fromEntries(ARGUMENTS.map(([code], i) => [`functions/${i}.ts`, code])),
  });
  const artifacts = await here.build(...ARGUMENTS.map((_, i) => `functions/${i}.ts`));
  expect(artifacts.map(({ calls }, i) => [ARGUMENTS[i]?.[0], ...calls.actions])).toEqual(ARGUMENTS);
});
