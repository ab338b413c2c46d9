/** What helps to explain why a function does not load. */
import fs from "node:fs";
import inspector from "node:inspector";
import { SourceMap } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { cut, leave, leaveWithOutput, observe, report, stackOf, thrown } from "./reports.mts";

/** In Warren's bundle, the program is one file. */
const MAIN = import.meta.url.endsWith(".mjs") ? import.meta.url : "main.mts";

/** The task is the only one. */
const TASK = 0;

/** The environment, and which variables are missed in it. */
export function observedEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return new Proxy(environment, {
    get: function get(target, name) {
      const value = target[name as string];
      if (value === undefined && typeof name === "string") observe("unset", name, get);
      return value;
    },
  });
}

/** Reports what ends the process or keeps it from ending, with the place in the source. */
export function diagnose(limitSeconds: number): void {
  process.setSourceMapsEnabled(true);
  const ends = (by: string): never => {
    report(TASK, { kind: "ended", by, stack: stackOf(ends) });
    return leave();
  };
  process.exit = (code) => ends(`process.exit(${code ?? ""})`);
  process.abort = () => ends("process.abort()");
  process.on("uncaughtException", (error) => {
    report(TASK, { kind: "threw", error: thrown(error), isUncaught: true });
    void leaveWithOutput();
  });
  process.on("beforeExit", () => {
    report(TASK, { kind: "stalled" });
    leave();
  });
  setTimeout(() => {
    report(TASK, { kind: "waiting", resources: process.getActiveResourcesInfo() });
    leave();
  }, limitSeconds * 1000).unref();
  new Worker(fileURLToPath(new URL(MAIN, import.meta.url)), { workerData: limitSeconds }).unref();
}

/** In a thread of its own: says where the main thread is, if that is too busy to say so itself. */
export function watchMain(limitSeconds: number): void {
  // The answer of the main thread does not keep this one alive.
  setInterval(() => undefined, 1000);
  setTimeout(
    () => {
      const session = new inspector.Session();
      session.connectToMainThread();
      const urls = new Map<string, string>();
      session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
      session.on("Debugger.paused", ({ params }) => {
        const stack = params.callFrames.map(({ functionName, location }) => {
          const { scriptId, lineNumber, columnNumber = 0 } = location;
          return frameText(functionName, urls.get(scriptId) ?? "", lineNumber, columnNumber);
        });
        report(TASK, { kind: "busy", stack: cut(stack.join("\n")) });
        process.kill(process.pid, "SIGKILL");
      });
      session.post("Debugger.enable");
      session.post("Debugger.pause");
    },
    limitSeconds * 1000 + 500,
  );
}

/** As in a stack, source-mapped. Lines and columns of the inspector and of source maps count from 0. */
function frameText(name: string, url: string, line: number, column: number): string {
  const path = url.startsWith("file:") ? fileURLToPath(url) : url;
  let place = `${path}:${line + 1}:${column + 1}`;
  if (fs.existsSync(`${path}.map`)) {
    const map = new SourceMap(JSON.parse(fs.readFileSync(`${path}.map`, "utf8")));
    const entry = map.findEntry(line, column);
    if ("originalSource" in entry)
      place = `${resolve(dirname(path), entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }
  return `    at ${name || "<anonymous>"} (${place})`;
}
