import { existsSync, readdirSync } from "node:fs";

import { expect, test } from "vitest";

import data from "../../templates/sdk-actions.json" with { type: "json" };
import made from "../../templates/sdk-clients.json" with { type: "json" };

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
const further = [data.arguments, data.onBehalf].flatMap((part) =>
  Object.entries(part).flatMap(([client, all]) =>
    Object.values<Readonly<Record<string, readonly string[]>>>(all).flatMap((commands) =>
      Object.entries(commands).map(([command, actions]) => ({ client, command, actions })),
    ),
  ),
);

test("each list of actions is sorted", () => {
  for (const need of [...needs, ...further]) expect(need.actions).toEqual(need.actions.toSorted());
});

test("every client of which something is said has a prefix", () => {
  const named = [...[...needs, ...further].map(({ client }) => client), ...Object.keys(data.ownUse)];
  expect(named.filter((client) => !(client in made.clients))).toEqual([]);
});

const installed = Object.keys(made.clients).filter((client) => existsSync(`${PACKAGES}/client-${client}`));

test("most of what the tests deploy with is installed here", () => {
  expect(installed).toEqual(expect.arrayContaining(["dynamodb", "lambda", "s3", "sqs", "sts"]));
});

test.for(installed)("the commands of client-%s that are named exist in the SDK", (client) => {
  const files = readdirSync(`${PACKAGES}/client-${client}/dist-es/commands`);
  const own = Object.entries(data.ownUse).flatMap(([name, commands]) => (name === client ? commands : []));
  const named = [...needs, ...further].filter((need) => need.client === client && need.command !== "*");
  const all = [...named.map(({ command }) => command), ...own];
  expect(all.filter((command) => !files.includes(`${command}Command.js`))).toEqual([]);
});
