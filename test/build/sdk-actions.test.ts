import { existsSync, readdirSync } from "node:fs";

import { expect, test } from "vitest";

import data from "../../templates/sdk-actions.json" with { type: "json" };

const ACTION = /^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/;
const PACKAGES = `${import.meta.dirname}/../../node_modules/@aws-sdk`;
const needs = Object.entries(data.commands).flatMap(([client, commands]) =>
  Object.entries<readonly string[] | { readonly anyOf: readonly string[] }>(commands).map(
    ([command, need]) => ({
      client,
      command,
      actions: "anyOf" in need ? need.anyOf : need,
    }),
  ),
);

test("every action is one of IAM's form, and each list is sorted", () => {
  const actions = needs.flatMap((need) => need.actions);
  expect(actions.filter((action) => !ACTION.test(action))).toEqual([]);
  for (const need of needs) expect(need.actions).toEqual(need.actions.toSorted());
});

test("what arguments need besides is of the same form, of commands with a client", () => {
  const further = Object.entries(data.arguments).flatMap(([client, all]) =>
    Object.values<Readonly<Record<string, readonly string[]>>>(all).flatMap((commands) =>
      Object.entries(commands).map(([command, actions]) => ({ client, command, actions })),
    ),
  );
  expect(further.flatMap(({ actions }) => actions).filter((action) => !ACTION.test(action))).toEqual([]);
  const files = readdirSync(`${PACKAGES}/client-s3/dist-es/commands`);
  expect(
    further.filter(({ client, command }) => client !== "s3" || !files.includes(`${command}Command.js`)),
  ).toEqual([]);
});

test("every client with special commands has a prefix", () => {
  expect(needs.map(({ client }) => client).filter((client) => !(client in data.clients))).toEqual([]);
});

const installed = Object.keys(data.clients).filter((client) => existsSync(`${PACKAGES}/client-${client}`));

test("most of what the tests deploy with is installed here", () => {
  expect(installed).toEqual(expect.arrayContaining(["dynamodb", "lambda", "s3", "sqs", "sts"]));
});

test.for(installed)("the special commands of client-%s exist in the SDK", (client) => {
  const files = readdirSync(`${PACKAGES}/client-${client}/dist-es/commands`);
  const own = Object.entries(data.ownUse).flatMap(([name, commands]) => (name === client ? commands : []));
  const named = [...needs.filter((need) => need.client === client).map(({ command }) => command), ...own];
  expect(named.filter((command) => !files.includes(`${command}Command.js`))).toEqual([]);
});
