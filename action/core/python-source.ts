/** What may stand as a Python function's `source`, what it must define, and what it may import. */
import type { BuildRequest } from "./artifact.ts";
import type { Problem } from "./problem.ts";
import { logicalLines, pythonNames, type PythonImport } from "./python-imports.ts";
import { moduleOrigin } from "./python-modules.ts";
import { findRuntime, runtimeNames } from "./runtime.ts";
import { isInside, outsideProblem } from "./source.ts";

/** Warren's own name first, then the one that Lambda's console writes. */
const HANDLERS = ["handler", "lambda_handler"] as const;

/** `3.13` for `python3.13`; undefined for other runtimes. */
export function pythonVersion(runtime: string): string | undefined {
  return /^python(3\.\d+)$/.exec(runtime)?.[1];
}

/** What is wrong with a request for a `.py` file before any file is looked at. */
export function pythonRequestProblem({ source, runtime, place }: BuildRequest): Problem | undefined {
  if (!isInside(source)) return outsideProblem({ source, place });
  const isKnown = findRuntime(runtime)?.language === "python";
  if (!isKnown && pythonVersion(runtime) !== undefined) {
    const known = runtimeNames("python").map((name) => `\`${name}\``);
    const message = `\`${source}\` cannot be built for runtime \`${runtime}\`: Warren does not know what it runs on`;
    return { place, message, hint: `Take one of ${known.join(", ")}.` };
  }
  if (!isKnown) {
    return {
      place,
      message: `\`${source}\` is Python, and the function's runtime is \`${runtime}\``,
      hint: "Add `runtime: python3.13` to the function.",
    };
  }
  const stem = moduleName(source);
  if (!/^[A-Za-z_][\w-]*$/.test(stem)) {
    return {
      place,
      message: `\`${source}\` cannot be a module: Lambda imports it as \`${stem}\``,
      hint: "Name the file with letters, digits, `_` and `-` only, and begin with a letter.",
    };
  }
  return undefined;
}

/** `producerai` for `functions/producerai.py`. */
export function moduleName(source: string): string {
  return source.slice(source.lastIndexOf("/") + 1).replace(/\.py$/, "");
}

/** The name of the function that Lambda calls. */
export function pythonHandler(source: string, code: string): { readonly name: string } | Problem {
  const names = pythonNames(code);
  const name = HANDLERS.find((one) => names.has(one)) ?? (names.has("*") ? HANDLERS[0] : undefined);
  if (name === undefined) {
    return {
      place: { file: source, line: 1, column: 1 },
      message: "the file defines no `handler`, which is what Lambda calls",
      hint: "Write `def handler(event, context):`, or `lambda_handler` as in Lambda's console.",
    };
  }
  const coroutine = logicalLines(code).find(
    ({ indent, text }) => indent === 0 && new RegExp(`^async\\s+def\\s+${name}\\b`).test(text),
  );
  if (coroutine !== undefined) {
    return {
      place: { file: source, line: coroutine.line, column: 1 },
      message: `\`${name}\` is \`async\`, and Lambda's Python runtime does not await it`,
      hint: `Write \`def ${name}(event, context): return asyncio.run(…)\`.`,
    };
  }
  return { name };
}

/** An import that no local file answers. */
export interface OuterImport extends PythonImport {
  /** The file that it stands in, from the repository's root. */
  readonly file: string;
}

export interface Installed {
  /** Modules that the packages of requirements.txt bring, without dots. */
  readonly modules: ReadonlySet<string>;
  /** Path of the requirements.txt, whether it is there or not. */
  readonly requirements: string;
  readonly present: boolean;
}

/** What is imported and will not be there, or may be another one tomorrow. */
export function importProblems(
  imports: readonly OuterImport[],
  installed: Installed,
  version: string,
): { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const told = new Set<string>();
  for (const one of imports) {
    const module = one.module.split(".")[0] ?? "";
    if (one.when === "guarded" || installed.modules.has(module) || told.has(module)) continue;
    const found = absence(one, module, installed, version);
    if (found === undefined) continue;
    told.add(module);
    (found.certain && one.when === "always" ? problems : warnings).push(found.problem);
  }
  return { problems, warnings };
}

function absence(
  { file, line }: OuterImport,
  module: string,
  { requirements, present }: Installed,
  version: string,
): { readonly problem: Problem; readonly certain: boolean } | undefined {
  const origin = moduleOrigin(module, version);
  const place = { file, line, column: 1 };
  switch (origin.kind) {
    case "standard":
      return undefined;
    case "other-version": {
      const message =
        origin.upTo === undefined
          ? `Python has \`${module}\` only from ${origin.from} on, and the function runs on ${version}`
          : `Python has \`${module}\` only up to ${origin.upTo}, and the function runs on ${version}`;
      return {
        certain: true,
        problem: { place, message, hint: "Change the import, or the function's `runtime`." },
      };
    }
    case "runtime": {
      const message = `\`${module}\` comes from Lambda's runtime, in a version that AWS changes without notice`;
      return {
        certain: false,
        problem: { place, message, hint: `List it in ${requirements} to choose the version.` },
      };
    }
    case "foreign": {
      const there = present ? "" : ", which is not there";
      const message = `\`${module}\` is neither beside the function's source, nor in Python ${version}, nor in ${requirements}${there}`;
      const hint = `Add the package that has it to ${requirements}. Imports begin in the folder of the source.`;
      return { certain: true, problem: { place, message, hint } };
    }
  }
}

/** In the artifact's root there is no package that `from .` could mean. */
export function relativeImportProblem({ file, line, module }: OuterImport): Problem {
  return {
    place: { file, line, column: 1 },
    message: `\`from .${module}\` has nothing to be relative to: the file is no part of a package in the function`,
    hint: `Write \`${module === "" ? "import …" : `from ${module} import …`}\`: its folder is the root of the function.`,
  };
}

/** Every import of that name, also by packages, would get the function's own file. */
export function hidingProblem(
  { file, module }: { readonly file: string; readonly module: string },
  installed: ReadonlySet<string>,
  version: string,
): Problem | undefined {
  const origin = moduleOrigin(module, version).kind;
  const owner = installed.has(module)
    ? "a package of requirements.txt"
    : origin === "standard"
      ? "a module of Python's own"
      : undefined;
  if (owner === undefined) return undefined;
  return {
    place: { file, line: 1, column: 1 },
    message: `\`${file}\` hides ${owner}: every \`import ${module}\`, also those of packages, finds this file`,
    hint: "Give it another name.",
  };
}
