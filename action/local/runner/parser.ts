/**
 * GitHub's own workflow parser and expression engine. Both import JSON without saying so, which Node refuses
 * (https://nodejs.org/api/esm.html#json-modules): the hook says it for them, and is gone once they are loaded.
 */
import { registerHooks } from "node:module";

type Expressions = typeof import("@actions/expressions");
type Workflows = typeof import("@actions/workflow-parser");

const { data, Evaluator, Lexer, Parser, expressions, workflows } = await load();
export { data, Evaluator, Lexer, Parser };
export const { falsy } = expressions;
export const { convertWorkflowTemplate, isMapping, isString, NoOperationTraceWriter, parseWorkflow } =
  workflows;

async function load(): Promise<
  Pick<Expressions, "data" | "Evaluator" | "Lexer" | "Parser"> & {
    readonly expressions: typeof import("@actions/expressions/result");
    readonly workflows: Workflows;
  }
> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const isJson = resolved.url.endsWith(".json") && resolved.url.includes("/@actions/");
      return isJson ? { ...resolved, importAttributes: { type: "json" } } : resolved;
    },
  });
  try {
    return {
      ...(await import("@actions/expressions")),
      expressions: await import("@actions/expressions/result"),
      workflows: await import("@actions/workflow-parser"),
    };
  } finally {
    hooks.deregister();
  }
}
