/** esbuild's words in Warren's: where in the user's code, what, and how to mend it. */
import type { Message, Metafile } from "esbuild";

import type { BuildRequest } from "./artifact.ts";
import { isPackagePath } from "./bundle.ts";
import type { Place, Problem } from "./problem.ts";

/**
 * What is built for a source is this one line, so that other exports of the source do not count as code that runs,
 * and a CommonJS source has an export that Lambda finds.
 */
export function entryCode(source: string): string {
  return `export { handler } from ${JSON.stringify(`./${source}`)};`;
}

/** esbuild's namespace of the entries; their path is the source's. */
export const ENTRY = "warren-entry";

export function buildProblem(message: Message, request: BuildRequest): Problem {
  const { text, location, notes } = message;
  const place = location === null ? request.place : placeOf(location);
  const specifier = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (specifier !== undefined) return { place, ...unresolved(specifier, notes) };

  if (isMissingHandler(message)) {
    return {
      place: { file: request.source, line: 1, column: 1 },
      message: "the file exports no `handler`, which is what Lambda calls",
      hint: "Write `export async function handler(event) { … }`.",
    };
  }
  if (/^Top-level await .*"cjs"/.test(text)) {
    return { place, message: "CommonJS has no `await` outside of functions", hint: "Write `format: esm`." };
  }
  const [, extension, file] = /^No loader is configured for "(.*)" files: (.+)$/.exec(text) ?? [];
  if (extension !== undefined) {
    return {
      place,
      message: `\`${file}\` cannot be imported: it is neither code nor JSON nor .txt`,
      hint: "Keep the data in a .json or .txt file.",
    };
  }
  const hint = notes.map((note) => note.text).join(" ");
  return { place, message: text, ...(hint === "" ? {} : { hint }) };
}

/** An error, but only a warning about a file that exports nothing at all: esbuild takes it for CommonJS. */
export function isMissingHandler({ location, text }: Message): boolean {
  return (
    location?.file.startsWith(`${ENTRY}:`) === true &&
    /^No matching export|will always be undefined/.test(text)
  );
}

/**
 * What can be left as it is, where an error is in a package: a package asks for others that may be there or not and
 * does without, or imports files that no bundle can hold. Undefined: the user has to mend it.
 */
export type Leave =
  | { readonly kind: "import"; readonly importer: string; readonly specifier: string }
  /** The package that the file is of. */
  | { readonly kind: "package"; readonly file: string };

export function leaveOf({ text, location }: Message): Leave | undefined {
  if (location === null || !isPackagePath(location.file)) return undefined;
  const specifier = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (specifier !== undefined) return { kind: "import", importer: location.file, specifier };
  return text.startsWith("No loader is configured for")
    ? { kind: "package", file: location.file }
    : undefined;
}

function unresolved(specifier: string, notes: Message["notes"]): Omit<Problem, "place"> {
  if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") {
    const hint = notes.map((note) => note.text).join(" ");
    return { message: `there is no file \`${specifier}\``, ...(hint === "" ? {} : { hint }) };
  }
  const hidden = notes.find((note) => note.text.includes("is not exported by package"));
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  if (hidden !== undefined) {
    return {
      message: `the package \`${name}\` has no \`${specifier}\``,
      hint: `Its package.json lists under \`exports\` what may be imported.`,
    };
  }
  if (name === specifier) {
    return { message: `the package \`${name}\` is not installed`, hint: `Run \`npm install ${name}\`.` };
  }
  return {
    message: `\`${specifier}\` is in no installed package`,
    hint: `Run \`npm install ${name}\`, or mend what follows the package's name.`,
  };
}

/**
 * Files outside of the repository that would be in the bundle; packages may lie further up. Without this a pull
 * request's code could import the runner's own files.
 */
export function foreignFileProblems(
  metafile: Metafile,
  output: string,
  request: BuildRequest,
): readonly Problem[] {
  const inputs = Object.keys(metafile.outputs[output]?.inputs ?? {});
  return inputs
    .filter((path) => path.startsWith("../") && !path.includes("/node_modules/"))
    .map((path) => {
      const importer = inputs.find((file) =>
        metafile.inputs[file]?.imports.some((imported) => imported.path === path),
      );
      return {
        place: { file: importer ?? request.source, line: 1, column: 1 },
        message: `the file imports \`${path}\`, which is outside of the repository`,
        hint: "Move it into the repository, or make it a package.",
      };
    });
}

/** esbuild counts columns from 0, in bytes of UTF-8. */
function placeOf({ file, line, column, lineText }: NonNullable<Message["location"]>): Place {
  const before = new TextEncoder().encode(lineText).subarray(0, column);
  return { file, line, column: new TextDecoder().decode(before).length + 1 };
}
