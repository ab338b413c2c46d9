/** outcome.json, which is also what `--json` prints: what a command or a run of the Action came to. */
import {
  type JsonType,
  type TypeOf,
  anyType,
  constantType,
  integerType,
  listType,
  mapType,
  objectType,
  optional,
  textType,
  unionType,
  wordType,
} from "./json-type.ts";
import {
  VERSION,
  countTypes,
  placeType,
  planType,
  problemType,
  riskKindType,
  stackTypes,
} from "./plan-document.ts";
import type { ValueMap } from "./value.ts";

function head<const K extends string>(kind: K) {
  return { version: constantType(VERSION), kind: constantType(kind) };
}

const findingType = objectType({
  kind: wordType(["ok", "warning", "problem"]),
  what: textType(),
  place: optional(placeType),
  fix: optional(textType()),
  rule: optional(textType("Whose it is and its name, for example `cfn-lint E3012`.")),
  link: optional(textType()),
});

const checkedType = objectType({
  ...head("checked"),
  reason: optional(textType("Why the Action only checks: `fork`, `dependabot`.")),
  stages: integerType(),
  components: integerType(),
  arrows: integerType(),
  resources: integerType("Of one stack."),
  stale: listType(textType(), "Generated files that `warren generate` would write anew."),
  warnings: listType(problemType),
  grants: listType(
    objectType({
      arrow: textType(),
      to: textType("The component that may."),
      granted: listType(textType(), "In IAM's words."),
      unused: listType(textType(), "What the arrow could grant besides, which the code does not call."),
      uncertain: optional(textType("Why it is all that the arrow may grant.")),
    }),
  ),
  policy: objectType({
    ran: listType(textType(), "Judges that were on this machine: `cfn-lint`, `cfn-guard`."),
    absent: listType(textType()),
    findings: listType(findingType),
  }),
});

const callsType = objectType({
  kind: wordType(["exact", "uncertain"]),
  actions: listType(textType(), "In IAM's words."),
  oneOf: optional(listType(listType(textType()))),
  onBehalf: optional(listType(textType(), "What services that it calls may do in its name.")),
  sites: optional(mapType(placeType, "Action -> where the code calls it first.")),
  reason: optional(textType()),
  prefixes: optional(listType(textType())),
});

const builtType = objectType({
  ...head("built"),
  artifacts: listType(
    objectType({
      component: textType(),
      key: textType("Where it will lie in the artifact bucket."),
      handler: textType(),
      unzippedBytes: integerType(),
      calls: callsType,
      passport: objectType({
        native: listType(
          objectType({
            name: textType(),
            version: textType(),
            origin: wordType(["installed", "fetched"]),
            binaries: integerType(),
            bytes: integerType(),
          }),
        ),
        glibc: optional(textType()),
        glibcLimit: optional(textType()),
        load: unionType(
          objectType({
            kind: constantType("loaded"),
            milliseconds: integerType(),
            binaries: listType(textType()),
          }),
          objectType({ kind: wordType(["not-loaded", "inconclusive"]), why: textType() }),
        ),
        warnings: listType(problemType),
      }),
    }),
  ),
});

const deployedType = objectType({
  ...head("deployed"),
  result: wordType(["unchanged", "created", "updated"]),
  ...stackTypes,
  outputs: mapType(textType(), "The stack's; what looks like a secret is hidden."),
  changes: integerType(),
  ...countTypes,
  risk: riskKindType,
  digest: optional(textType("Of the plan that was carried out; absent if there was nothing to do.")),
  review: optional(objectType({ verdict: textType(), differences: listType(textType()) })),
});

const releasesType = objectType({
  ...head("releases"),
  stage: textType(),
  stackName: textType(),
  releases: listType(
    objectType({
      time: textType("When its deploy began; ISO 8601."),
      commit: textType(),
      branch: textType(),
      digest: textType(),
      standing: wordType(
        ["running", "good", "unproven", "failed"],
        "`unproven`: it was never seen to get through its smoke run.",
      ),
    }),
    "Those that can be deployed again, newest first.",
  ),
});

const hopType = objectType({ name: textType(), milliseconds: integerType() });

const smokedType = objectType({
  ...head("smoked"),
  result: wordType(["through", "stuck"]),
  stackName: textType(),
  hops: listType(hopType),
  at: optional(textType("The hop that did not happen.")),
  problem: optional(problemType),
});

const whoseTypes = {
  component: optional(textType()),
  label: optional(textType()),
  place: optional(placeType),
};

export const stageDriftType = objectType({
  stage: textType(),
  status: wordType(["in-sync", "drifted", "unknown", "absent", "unavailable"]),
  stackName: textType(),
  reason: optional(textType("Why it is not known.")),
  resources: listType(
    objectType({
      kind: wordType(["modified", "deleted"]),
      logicalId: textType(),
      physicalId: textType(),
      type: textType(),
      ...whoseTypes,
      properties: listType(
        objectType({
          kind: wordType(["added", "removed", "changed"]),
          path: textType(),
          expected: textType(),
          actual: textType(),
        }),
      ),
    }),
  ),
  unchecked: listType(objectType({ logicalId: textType(), ...whoseTypes, reason: textType() })),
  reverted: optional(listType(textType(), "Logical ids of what was put back.")),
});

const driftType = objectType({ ...head("drift"), stages: listType(stageDriftType) });

const leftoverType = objectType({
  logicalId: textType(),
  physicalId: textType(),
  type: textType(),
  status: textType(),
  why: textType(),
  command: textType("What deletes it, for a shell; empty for none."),
});

const destroyedType = objectType({
  ...head("destroyed"),
  result: wordType(["destroyed", "absent"]),
  ...stackTypes,
  objectsDeleted: integerType("Objects, versions and delete markers."),
  kept: listType(leftoverType, "What CloudFormation has left, as the template says `Retain`."),
  leftovers: listType(leftoverType, "What it could not delete: the stack is gone, and this is not."),
});

const sweepTypes = {
  wanted: integerType("How many stacks Git wants."),
  stacks: listType(
    objectType({
      kind: wordType(["deleted", "would-delete", "left", "failed"]),
      reason: textType("Stable word."),
      stackName: textType(),
      stage: textType(),
      branch: textType(),
      pullRequest: optional(integerType()),
      text: textType(),
      leftovers: optional(listType(leftoverType, "Of a stack that is gone: what could not be deleted.")),
    }),
    "Those that it does not want.",
  ),
  artifacts: optional(
    objectType(
      {
        condemned: listType(textType(), "Keys of artifacts that nothing needs: a later sweep deletes them."),
        removed: listType(textType(), "Keys of what was deleted, or would be."),
        left: optional(textType("Why no artifact was judged.")),
      },
      "Of the artifact buckets.",
    ),
  ),
};

const sweptType = objectType({ ...head("swept"), ...sweepTypes });

export const outcomeType = unionType(
  checkedType,
  objectType({ ...head("generated"), files: listType(textType()) }),
  objectType({ ...head("drawn"), mermaid: textType() }),
  builtType,
  objectType({ ...head("rendered"), stackName: textType(), template: anyType("CloudFormation's.") }),
  planType,
  deployedType,
  releasesType,
  smokedType,
  driftType,
  objectType({ ...head("diagnosed"), findings: listType(findingType) }),
  destroyedType,
  sweptType,
  objectType({
    ...head("nightly"),
    swept: optional(objectType(sweepTypes, "Absent: it has failed before it had begun.")),
    stages: listType(stageDriftType),
  }),
  objectType({ ...head("skipped"), reason: textType("Stable word."), text: textType() }),
  objectType({
    ...head("failed"),
    reason: textType("Stable word: `warren explain <reason>` says more. `bug`: it is Warren's mistake."),
    problems: listType(problemType),
  }),
);

export type OutcomeDocument = TypeOf<typeof outcomeType>;
export type DocumentOf<Kind extends OutcomeDocument["kind"]> = Extract<
  OutcomeDocument,
  { readonly kind: Kind }
>;

/** Path -> schema, as they lie in the repository. */
export const DOCUMENT_SCHEMAS: Readonly<Record<string, ValueMap>> = {
  "schemas/plan.schema.json": schemaOf("plan", "plan.json of Warren", planType),
  "schemas/outcome.schema.json": schemaOf("outcome", "outcome.json of Warren", outcomeType),
};

function schemaOf(name: string, title: string, { schema }: JsonType<unknown>): ValueMap {
  const $schema = "http://json-schema.org/draft-07/schema#";
  return { $schema, $id: `urn:warren:${name}:${VERSION}`, title, ...schema };
}
