/** Values of a workflow, evaluated by GitHub's own expression engine. */
import type { data as Data } from "@actions/expressions";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/template-token";
import { data, Evaluator, falsy, Lexer, Parser } from "./parser.ts";

type Value = Data.ExpressionData;
/** `github`, `inputs`, `needs` and so on, as plain JSON. */
export type Contexts = Readonly<Record<string, unknown>>;
/** Whether all jobs of `needs:` have succeeded, as far as is known when a job is judged. */
export type Standing = "success" | "failure";

export function evaluate(expression: string, contexts: Contexts, standing: Standing = "success"): Value {
  const functions = (["success", "failure", "always", "cancelled"] as const).map((name) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: (): Value => new data.BooleanData(name === "always" || name === standing),
  }));
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), functions).parse();
  const known = JSON.parse(JSON.stringify(contexts), data.reviver) as Data.Dictionary;
  return new Evaluator(tree, known, new Map(functions.map((each) => [each.name, each]))).evaluate();
}

export function isTrue(expression: string, contexts: Contexts, standing: Standing): boolean {
  return !falsy(evaluate(expression, contexts, standing));
}

/** The text of a value that may hold expressions; empty where there is no value. */
export function textOf(token: TemplateToken | undefined, contexts: Contexts): string {
  if (token === undefined) return "";
  if ("expression" in token && typeof token.expression === "string") {
    return evaluate(token.expression, contexts).coerceString();
  }
  return token.assertScalar("value").toString();
}

export type Scalar = string | number | boolean;

/** As `textOf`, but with its type: what is `true` stays a boolean. */
export function scalarOf(token: TemplateToken, contexts: Contexts): Scalar {
  if (!("expression" in token) || typeof token.expression !== "string") {
    const literal = token as unknown as { readonly value: Scalar };
    return literal.value;
  }
  const value = evaluate(token.expression, contexts);
  if (value instanceof data.BooleanData || value instanceof data.NumberData) return value.value;
  return value.coerceString();
}
