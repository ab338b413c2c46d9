/** How to mend what an import throws. */
import type { Thrown } from "./load-report.ts";
import type { LoadRequest } from "./passport.ts";

const BROWSER =
  /^(?:window|document|self|location|localStorage|sessionStorage|XMLHttpRequest|HTMLElement|Image|alert|requestAnimationFrame|indexedDB) is not defined/;

interface Rule {
  /** Matched against `CODE Name: message`. */
  readonly matches: RegExp;
  readonly hint: (match: RegExpExecArray, request: LoadRequest) => string;
}

/** The first that matches is the one. */
const RULES: readonly Rule[] = [
  {
    matches: /version `(\w+)_([\d.]+)' not found/,
    hint: ([, what, version], { runtime }) =>
      `It was built where ${what} is ${version} or newer, which ${runtime} does not have: take a version of the package with binaries for older systems.`,
  },
  {
    matches: /([\w.+-]+\.so[\w.]*): cannot open shared object file/,
    hint: ([, library], { runtime }) =>
      `\`${library}\` is neither in the artifact nor on ${runtime}: take a package that brings it along.`,
  },
  {
    matches: /invalid ELF header|wrong ELF class|Exec format error|\.node: cannot open shared object file/,
    hint: (_, { architecture }) =>
      `The binary is for another system than Linux on ${architecture}: install the package's variant for that.`,
  },
  {
    matches: /did not self-register|NODE_MODULE_VERSION|undefined symbol/,
    hint: (_, { runtime }) =>
      `The addon was built for another version of Node than that of ${runtime}: install or build it with that one.`,
  },
  {
    matches: /ERR_DLOPEN_FAILED/,
    hint: () => "A binary of the package does not fit: install the package again, for Linux.",
  },
  {
    matches: /Could not load the "(\w+)" module|Cannot find native binding/,
    hint: (_, { architecture }) =>
      `The package's binary for Linux on ${architecture} is missing: is it in the lock file, as an optional dependency?`,
  },
  {
    // It is written into node_modules, where no lock file brings it.
    matches: /Cannot find module '\.prisma\/client/,
    hint: () => "`prisma generate` writes it: run it in a step before Warren's.",
  },
  {
    matches: /MODULE_NOT_FOUND .*Cannot find (?:module|package) '([^']+)'/,
    hint: ([, name = ""]) =>
      name.startsWith(".") || name.startsWith("/")
        ? "The file is asked for in a way that the bundler cannot follow: import it with its name written out."
        : `\`${name}\` is asked for in a way that the bundler cannot follow: import it with its name written out, and list it under \`dependencies\`.`,
  },
  {
    matches: /Dynamic require of "([^"]+)" is not supported/,
    hint: ([, name]) =>
      `A package calls \`require("${name}")\` from an ES module: set \`format: cjs\` for the function.`,
  },
  {
    matches: BROWSER,
    hint: () => "That is a browser's: take the package's variant for Node, or another package.",
  },
  {
    matches: /^ ?ReferenceError: (require|module|exports|__dirname|__filename) is not defined/,
    hint: () => "CommonJS has it and ES modules do not: use `import` and `import.meta.dirname`.",
  },
  {
    matches: /ENOENT.*'\/var\/task\/([^']+)'/,
    hint: ([, file]) =>
      `The artifact has no \`${file}\`: only what is imported goes along. Import it as JSON or text, or read it from S3.`,
  },
  {
    matches: /EROFS/,
    hint: () => "Lambda's files are read-only but for /tmp: write there.",
  },
];

export function hintOf(request: LoadRequest, { code, name, message }: Thrown): string {
  const text = `${code} ${name}: ${message}`.replaceAll("\n", " ");
  for (const { matches, hint } of RULES) {
    const match = matches.exec(matches === BROWSER ? message : text);
    if (match !== null) return hint(match, request);
  }
  return "The error is the function's own: it would be the same on Lambda, on every call.";
}
