/** What loads and what does not, each with the words that the user sees. All in one call, as the builder does. */
import { beforeAll, expect, test } from "vitest";

import type { LoadRequest } from "../../action/core/passport.ts";
import { artifact, bundled, HANDLER, load, textOf } from "./artifact.ts";

const NODE_22 = { runtime: "nodejs22.x" };
const THREE = "export const handler = (event, context, callback) => callback(null);";

const LOADS: Readonly<Record<string, LoadRequest>> = {
  "an ES module": artifact(HANDLER),
  "a CommonJS module by its extension": artifact({ "index.cjs": "exports.handler = async () => {};" }),
  "a CommonJS module without package.json": artifact({ "index.js": "exports.handler = async () => {};" }),
  "an ES module by package.json": artifact({ "index.js": HANDLER, "package.json": '{"type":"module"}' }),
  "CommonJS whose exports no parser finds": artifact({
    "index.cjs": 'module.exports = Object.fromEntries([["handler", async () => {}]]);',
  }),
  "a handler in a folder": artifact({ "src/app.mjs": HANDLER }, { handler: "src/app.handler" }),
  "a handler within an export": artifact("export const api = { handler: async () => {} };", {
    handler: "index.api.handler",
  }),
  "a handler of the default export on nodejs24.x": artifact("export default { handler: async () => {} };"),
  "top-level await": artifact(`await new Promise((done) => setTimeout(done, 1));${HANDLER}`),
  "a handler with a callback on nodejs22.x": artifact(THREE, NODE_22),
  "a handler that streams": artifact(
    "export const handler = awslambda.streamifyResponse(async (event, stream, context) => awslambda.HttpResponseStream.from(stream, {}));",
  ),
  "a handler on Node 22": artifact(
    `if (!process.version.startsWith("v22.")) throw new Error(process.version);${HANDLER}`,
    NODE_22,
  ),
  "a handler on Node 24": artifact(
    `if (!process.version.startsWith("v24.")) throw new Error(process.version);${HANDLER}`,
  ),
  "what looks for Lambda's variables": artifact(
    `for (const name of ["AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "LAMBDA_TASK_ROOT", "_HANDLER"]) if (!process.env[name]) throw new Error(name);${HANDLER}`,
  ),
  "what reads its own variable, and has it": artifact(`new URL(process.env.QUEUE_URL);${HANDLER}`, {
    environment: { QUEUE_URL: "https://sqs.example" },
  }),
  "what reads a file of the artifact": artifact({
    "index.mjs": `import fs from "node:fs"; fs.readFileSync(new URL("./data.txt", import.meta.url)); fs.readFileSync(process.env.LAMBDA_TASK_ROOT + "/data.txt");${HANDLER}`,
    "data.txt": "x",
  }),
  "what leaves a timer and a global behind": artifact(
    `globalThis.left = 1; setInterval(() => {}, 1000);${HANDLER}`,
  ),
  "what would fail beside the one before": artifact(
    `if ("left" in globalThis) throw new Error("not alone");${HANDLER}`,
  ),
  "what catches that there is no network": artifact(
    `await fetch("https://example.com").catch(() => {});${HANDLER}`,
  ),
};

const FAILS: Readonly<Record<string, readonly [LoadRequest | Promise<LoadRequest>, string]>> = {
  "an import that throws, at its place": [
    bundled({
      "functions/worker.ts": `import { price } from "../lib/price.ts";\n\nconst first = price({});\nexport async function handler(): Promise<number> { return first; }\n`,
      "lib/price.ts": `interface Item { net?: { cents: number } }\nexport function price(item: Item): number {\n  return item.net!.cents;\n}\n`,
    }),
    "lib/price.ts:3:20: `functions/worker.ts` does not load on nodejs24.x: TypeError: Cannot read properties of undefined (reading 'cents'), called from functions/worker.ts:3:15\nThe error is the function's own: it would be the same on Lambda, on every call.",
  ],
  "the causes of an error": [
    artifact('throw new Error("no config", { cause: new Error("bad JSON") });'),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: Error: no config: bad JSON\nThe error is the function's own: it would be the same on Lambda, on every call.",
  ],
  "what throws no error": [
    artifact('throw "down";'),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: it throws `down`, which is no error\nThe error is the function's own: it would be the same on Lambda, on every call.",
  ],
  "an error that comes later": [
    artifact(
      `setTimeout(() => { throw new Error("late"); }, 1); await new Promise((done) => setTimeout(done, 60_000));${HANDLER}`,
    ),
    "functions/worker.ts:1:1: `functions/worker.ts` ends with an error that nothing catches on nodejs24.x: Error: late\nThe error is the function's own: it would be the same on Lambda, on every call.",
  ],
  "a missing environment variable that the message names": [
    bundled(
      {
        "functions/worker.ts": `const table = process.env["TABLE_NAME"];\nif (!table) throw new Error("TABLE_NAME is missing");\nexport async function handler() { return table; }\n`,
      },
      { environment: { OTHER: "1" } },
    ),
    "functions/worker.ts:2:19: `functions/worker.ts` does not load on nodejs24.x: Error: TABLE_NAME is missing\nThat is because the environment variable TABLE_NAME, read at functions/worker.ts:1:27, is not set: draw the arrow that sets it, or set it by `overrides`.",
  ],
  "no such file for the handler": [
    artifact({ "indx.mjs": HANDLER }),
    "functions/worker.ts:1:1: the artifact has no `index.js`, `.mjs` or `.cjs` for the handler `index.handler`\nDid you mean `indx.mjs`? There is `indx.mjs`.",
  ],
  "no such export": [
    artifact("export async function handlr() {}\nexport const version = 1;"),
    "functions/worker.ts:1:1: the file exports no `handler`, which is what Lambda calls\nDid you mean `handlr`? There are `handlr`, `version`.",
  ],
  "a handler that is no function": [
    artifact("export const handler = { run() {} };"),
    "functions/worker.ts:1:1: `handler` is exported and is not a function but object: Lambda cannot call it\nWrite `export async function handler(event) { … }`.",
  ],
  "a default export on nodejs22.x": [
    artifact("export default { handler: async () => {} };", NODE_22),
    "functions/worker.ts:1:1: the file exports no `handler`, which is what Lambda calls\nThere is `default`.",
  ],
  "a handler with a callback on nodejs24.x": [
    artifact(THREE),
    "functions/worker.ts:1:1: `handler` takes 3 parameters, so nodejs24.x takes it for a handler with a callback and refuses it\nWrite `async function handler(event, context)` and return the result; nodejs22.x is the last with callbacks.",
  ],
  "a package that is not there": [
    artifact(`import "sharp";${HANDLER}`),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: Error: Cannot find package 'sharp' imported from /var/task/index.mjs\n`sharp` is asked for in a way that the bundler cannot follow: import it with its name written out, and list it under `dependencies`.",
  ],
  "a browser's global": [
    artifact(`window.name;${HANDLER}`),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: ReferenceError: window is not defined\nThat is a browser's: take the package's variant for Node, or another package.",
  ],
  "CommonJS in an ES module": [
    artifact(`module.exports = {};${HANDLER}`),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: ReferenceError: module is not defined in ES module scope\nCommonJS has it and ES modules do not: use `import` and `import.meta.dirname`.",
  ],
  "require of an ES module on nodejs22.x, where Lambda has switched it off": [
    artifact({ "index.cjs": 'exports.handler = require("./esm.mjs").handler;', "esm.mjs": HANDLER }, NODE_22),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs22.x: Error: require() of ES Module /var/task/esm.mjs from /var/task/index.cjs not supported. Instead change the require of /var/task/esm.mjs to a dynamic import() which is available in all CommonJS modules.\nThe error is the function's own: it would be the same on Lambda, on every call.",
  ],
  "a file that is not in the artifact": [
    artifact(`import fs from "node:fs"; fs.readFileSync(import.meta.dirname + "/template.html");${HANDLER}`),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: Error: ENOENT: no such file or directory, open '/var/task/template.html'\nThe artifact has no `template.html`: only what is imported goes along. Import it as JSON or text, or read it from S3.",
  ],
  "a binary that is none": [
    artifact(
      {
        "index.mjs": `import { createRequire } from "node:module"; createRequire(import.meta.url)("./addon.node");${HANDLER}`,
        "addon.node": "not a binary at all, whatever its name says. ".repeat(20),
      },
      { native: true, architecture: process.arch === "arm64" ? "arm64" : "x86_64" },
    ),
    `functions/worker.ts:1:1: \`functions/worker.ts\` does not load on nodejs24.x: Error: /var/task/addon.node: invalid ELF header\nThe binary is for another system than Linux on ${process.arch === "arm64" ? "arm64" : "x86_64"}: install the package's variant for that.`,
  ],
  "the end of its own process": [
    bundled({
      "functions/worker.ts": `if (!process.env["KEY"]) {\n  process.exit(3);\n}\nexport async function handler() {}\n`,
    }),
    "functions/worker.ts:2:11: `functions/worker.ts` does not load on nodejs24.x: it calls `process.exit(3)` while it is imported, which ends the function on Lambda\nThrow an error instead, or move the call into the handler.",
  ],
  "an await that never ends": [
    artifact(`await new Promise(() => {});${HANDLER}`),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: a top-level `await` waits for something that never comes\nLook for a promise that nothing resolves among the file's top-level awaits.",
  ],
  "a crash": [
    artifact(`process.kill(process.pid, "SIGSEGV"); while (true);${HANDLER}`),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: its import ends the process with SIGSEGV; it wrote: Segmentation fault\nA native package crashes: look for a newer version of it, or for an issue with this message.",
  ],
  "what it has written, cut, beside its error": [
    artifact('for (let i = 0; i < 1e5; i++) console.log("line", i); throw new Error("after much talk");'),
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: Error: after much talk; it wrote: line 99997 / line 99998 / line 99999\nThe error is the function's own: it would be the same on Lambda, on every call.",
  ],
};

const UNCLEAR: Readonly<Record<string, readonly [LoadRequest | Promise<LoadRequest>, string]>> = {
  "an import that needs the network": [
    bundled({
      "functions/worker.ts": `const response = await fetch("https://ssm.eu-west-1.amazonaws.com/parameter");\nexport async function handler() { return response.status; }\n`,
    }),
    "inconclusive: the import opens a connection (ssm.eu-west-1.amazonaws.com:443), and there is no network while a function is loaded",
  ],
  "a look-up of a name": [
    bundled({
      "functions/worker.ts": `import { lookup } from "node:dns/promises";\n\nconst found = await lookup("db.internal");\nexport async function handler() { return found; }\n`,
    }),
    "inconclusive: the import opens a connection (db.internal, functions/worker.ts:3:21), and there is no network while a function is loaded",
  ],
  "a check of a value that only a deployed stack has": [
    artifact(`if (!/^https:..sqs/.test(process.env.QUEUE_URL)) throw new Error("bad QUEUE_URL");${HANDLER}`, {
      environment: { QUEUE_URL: "https://placeholder.invalid/000000000000/placeholder" },
    }),
    "inconclusive: the import checks the environment variable QUEUE_URL, whose value only a deployed stack has",
  ],
  "a missing variable of an environment that is not known": [
    bundled({
      "functions/worker.ts": `const queue = new URL(process.env["QUEUE_URL"]!);\nexport async function handler() { return queue; }\n`,
    }),
    "inconclusive: the environment variable QUEUE_URL, read at functions/worker.ts:1:35, is not set",
  ],
};

const texts = new Map<string, string>();

beforeAll(async () => {
  const entries = Object.entries({ ...LOADS, ...first(FAILS), ...first(UNCLEAR) });
  const results = await load(await Promise.all(entries.map(async ([, request]) => await request)));
  for (const [index, [name]] of entries.entries()) {
    const result = results[index];
    if (result !== undefined) texts.set(name, textOf(result));
  }
});

function first<Value>(cases: Readonly<Record<string, readonly [Value, string]>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(cases).map(([name, [value]]) => [name, value]));
}

test.each(Object.keys(LOADS))("%s loads", (name) => {
  expect(texts.get(name)).toBe("loaded");
});

test.each(Object.entries(FAILS))("%s is refused", (name, [, expected]) => {
  expect(texts.get(name)).toBe(expected);
});

test.each(Object.entries(UNCLEAR))("%s is neither loaded nor refused", (name, [, expected]) => {
  expect(texts.get(name)).toBe(expected);
});
