/** Prints what it is given on standard input, in every way that there is. A process of its own: it is its output that counts. */
import { text } from "node:stream/consumers";
import { terminalConsole } from "../../action/edge/console.ts";
import { actionsRunner } from "../../action/edge/runner.ts";

const given = JSON.parse(await text(process.stdin)) as readonly string[];
const runner = actionsRunner();
const terminal = terminalConsole();
for (const one of given) {
  for (const printer of [runner, terminal]) {
    printer.info(one);
    printer.warn(one);
    printer.error(one);
    printer.progress(one);
  }
  runner.annotate("error", { message: one, hint: one, place: { file: "p.yaml", line: 1, column: 1 } });
  await runner.group(one, async () => undefined);
}
