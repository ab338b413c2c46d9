/** Documents for machines, held against the schemas that users have. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import type { OutcomeDocument } from "../../action/core/outcome-document.ts";
import { repositoryRoot } from "./shipped.ts";

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });

function validatorOf(name: "plan" | "outcome"): (text: string) => OutcomeDocument {
  const schema = JSON.parse(
    readFileSync(join(repositoryRoot, `schemas/${name}.schema.json`), "utf8"),
  ) as object;
  const validate = ajv.compile(schema);
  return (text) => {
    const document: unknown = JSON.parse(text);
    if (validate(document)) return document as OutcomeDocument;
    const { kind } = document as { kind?: string };
    // Those of the other kinds say nothing.
    const errors = (validate.errors ?? []).filter(
      ({ keyword }) => keyword !== "const" && keyword !== "oneOf",
    );
    throw new Error(
      `this \`${kind}\` is no ${name} of schemas/: ${JSON.stringify(errors.slice(0, 40), null, 1)}\n${text}`,
    );
  };
}

/** Both throw where the text does not fit its schema. */
export const readPlan = validatorOf("plan");
export const readOutcome = validatorOf("outcome");
