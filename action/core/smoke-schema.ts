/** The shape of `smoke:` in pipeline.yaml; core/smoke.ts reads what has it. */
export const smokeSchema = {
  type: "object",
  additionalProperties: false,
  required: ["expect"],
  description:
    "How previews and protected stages are tried out after a deploy: an item is put in, has to come out, and is taken away again. " +
    "A protected stage where it does not come out goes back to the last release that is known to work. " +
    "`{mark}` stands for a word that no other run has, `{time}` for when the run began (ISO 8601).",
  properties: {
    put: {
      type: "object",
      minProperties: 1,
      description:
        "What is put where, `fang: { name: Netflix }`: an item, a message, an event, or an object `{ key: …, body: … }`. " +
        "The first goes the way, others are only there. An item that has the same key is neither overwritten nor deleted.",
      additionalProperties: true,
    },
    start: {
      type: "string",
      minLength: 1,
      description: "What starts it, where more than one component could; a timer need not be on.",
    },
    expect: { type: "string", minLength: 1, description: "The component where it has to arrive." },
    holds: {
      type: "array",
      items: { type: "string", minLength: 1 },
      description:
        "Texts that must all be in what arrives, besides `{mark}`, if that is put in, or the item's key.",
    },
    within: {
      type: "string",
      pattern: "^[1-9][0-9]* (second|minute)s?$",
      patternErrorMessage: "Write a number and a unit: `60 seconds`.",
      default: "60 seconds",
      description: "How long it may take.",
    },
  },
} as const;
