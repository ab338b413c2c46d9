/**
 * Whether what all modules of a process share is as it was. A worker thread for each function would make that certain, and
 * costs more than a process does (45 against 35 ms of CPU; in one realm it is one millisecond).
 */
import dns from "node:dns";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { Module } from "node:module";
import net from "node:net";

export type Fingerprint = ReadonlyMap<object, Readonly<Record<PropertyKey, PropertyDescriptor>>>;

/** All that modules share, but for the variables that they keep to themselves. */
function shared(): readonly object[] {
  const builtins = Object.values(Object.getOwnPropertyDescriptors(globalThis)).flatMap(({ value }) =>
    typeof value === "function" ? [value, value.prototype as unknown] : [value as unknown],
  );
  const modules = [
    fs,
    fs.promises,
    net,
    dns,
    http,
    https,
    http.globalAgent,
    https.globalAgent,
    Module,
    Module.prototype,
  ];
  return [globalThis, process, EventEmitter, EventEmitter.prototype, ...modules, ...builtins].filter(
    (value) =>
      typeof value === "function" || (typeof value === "object" && value !== null && value !== process.env),
  );
}

export function fingerprint(): Fingerprint {
  return new Map(shared().map((one) => [one, Object.getOwnPropertyDescriptors(one)]));
}

/** Values that change by themselves. */
const VOLATILE = new Set<PropertyKey>(["env", "_pathCache", "_cache", "_preloadModules"]);

export function isUnchanged(before: Fingerprint): boolean {
  for (const [one, properties] of before) {
    const now = Object.getOwnPropertyDescriptors(one) as Readonly<Record<PropertyKey, PropertyDescriptor>>;
    for (const key of Reflect.ownKeys(now)) {
      const [was, is] = [properties[key], now[key]];
      if (VOLATILE.has(key) || (was !== undefined && Object.is(was.value, is?.value) && was.get === is?.get))
        continue;
      // Node makes some when they are first asked for: fetch's classes, process.allowedNodeEnvironmentFlags.
      const isLazy = one === globalThis || one === process;
      if (was?.get !== undefined && is?.get === undefined && isLazy) continue;
      return false;
    }
    if (Reflect.ownKeys(properties).length > Reflect.ownKeys(now).length) return false;
  }
  return true;
}
