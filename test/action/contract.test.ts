import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { INPUTS, OUTPUTS, readInputs } from "../../action/core/inputs.ts";
import { failureOf } from "../deploy/world.ts";

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: { readonly using: string; readonly main: string };
}

const root = `${import.meta.dirname}/../..`;
const action = parse(await readFile(`${root}/action.yml`, "utf8")) as ActionFile;

test("the code reads exactly the inputs, and writes exactly the outputs, of action.yml", () => {
  expect(Object.keys(action.inputs)).toEqual([...INPUTS]);
  expect(Object.keys(action.outputs)).toEqual([...OUTPUTS]);
});

test("every input and output is described, in a sentence", () => {
  const all = Object.entries({ ...action.inputs, ...action.outputs });
  expect(all.filter(([, { description }]) => !/^.{20,}\.$/.test(description))).toEqual([]);
});

test("it runs the bundle, on Node 24", () => {
  expect(action.runs).toEqual({ using: "node24", main: "dist/index.cjs" });
});

test("action.yml's defaults are those of the code", () => {
  const defaults = readInputs((key) => (key === "github-token" ? "" : (action.inputs[key]?.default ?? "")));
  expect(defaults).toEqual({ ...readInputs(() => ""), audience: "sts.amazonaws.com" });
});

test("every wrong input is told at once", async () => {
  const wrong = { "allow-older": "yes", "dry-run": "1", "timeout-minutes": "-5" };
  const read = async (): Promise<unknown> =>
    readInputs((key) => (Object.hasOwn(wrong, key) ? wrong[key as keyof typeof wrong] : ""));
  const failure = await failureOf(read());
  expect(failure.reason).toBe("input-invalid");
  expect(failure.message).toMatchInlineSnapshot(`
    "input \`allow-older\` is \`yes\`
        Write \`true\` or \`false\`.
    input \`dry-run\` is \`1\`
        Write \`true\` or \`false\`.
    input \`timeout-minutes\` is \`-5\`
        Write a whole number of minutes, 1 or more."
  `);
});
