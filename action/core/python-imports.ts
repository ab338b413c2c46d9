/**
 * The import statements of a Python file, by its grammar's lines and not by running it: the runner need not have that
 * Python. Imports that are made at run time (`importlib.import_module(name)`) are not seen.
 * https://docs.python.org/3/reference/lexical_analysis.html
 */

export interface PythonImport {
  /** From 1. */
  readonly line: number;
  /** `a.b` of `import a.b` and of `from a.b import c`; empty for `from . import c`. */
  readonly module: string;
  /** Leading dots: 0 for an absolute import. */
  readonly level: number;
  /** What follows `from … import`; `*` for all. Empty for `import a.b`. */
  readonly names: readonly string[];
  /** `guarded`: below `if` or `try`, so the code knows what to do without it. `lazy`: in a function's body. */
  readonly when: "always" | "guarded" | "lazy";
}

/** One statement's line, its strings emptied, its comments gone, its brackets on one line. */
export interface LogicalLine {
  /** From 1. */
  readonly line: number;
  readonly indent: number;
  readonly text: string;
}

const GUARD = /^(if|elif|else|try|except|finally|while|match|case)\b/;
const BODY = /^(async\s+)?def\b/;
const IMPORT = /^(?:import|from)\b/;
/** `try: import x` on one line. */
const ONE_LINE =
  /^(if|else|try|except|finally|with|for|while|(?:async\s+)?def|class)\b.*?:\s*(?=(?:import|from)\s)/;

export function pythonImports(code: string): readonly PythonImport[] {
  const found: PythonImport[] = [];
  const blocks: { readonly indent: number; readonly head: string }[] = [];
  for (const { line, indent, text } of logicalLines(code)) {
    while ((blocks.at(-1)?.indent ?? -1) >= indent) blocks.pop();
    const head = ONE_LINE.exec(text)?.[0] ?? "";
    const heads = [...blocks.map((block) => block.head), head];
    for (const statement of text.slice(head.length).split(";"))
      found.push(...importsOf(statement.trim(), line, whenOf(heads)));
    if (text.endsWith(":")) blocks.push({ indent, head: text });
  }
  return found;
}

function whenOf(heads: readonly string[]): PythonImport["when"] {
  if (heads.some((head) => GUARD.test(head))) return "guarded";
  return heads.some((head) => BODY.test(head)) ? "lazy" : "always";
}

function importsOf(statement: string, line: number, when: PythonImport["when"]): readonly PythonImport[] {
  if (!IMPORT.test(statement)) return [];
  const [, dots, module, listed] = /^from\s*([.\s]*)([^.\s][\w.]*?)?\s*\bimport\b(.*)$/.exec(statement) ?? [];
  if (listed !== undefined) {
    const names = listed.replaceAll(/[()]/g, "").split(",");
    const level = (dots ?? "").replaceAll(/\s/g, "").length;
    return [{ line, module: module ?? "", level, names: names.flatMap(nameOf), when }];
  }
  const modules = statement.replace(/^import\s/, "").split(",");
  return modules.flatMap(nameOf).map((name) => ({ line, module: name, level: 0, names: [], when }));
}

/** `a` of `a as b`; none for the empty end of `(a, b,)`. */
function nameOf(item: string): readonly string[] {
  const name = item.trim().split(/\s+/)[0] ?? "";
  return name === "" ? [] : [name];
}

/** Names that the file's outermost level may give itself: defined, assigned, imported. `*`: more than can be seen. */
export function pythonNames(code: string): ReadonlySet<string> {
  const imported = pythonImports(code).filter(({ when }) => when !== "lazy");
  const names = imported.flatMap((one) => one.names);
  for (const { text } of logicalLines(code)) {
    const [, defined] = /^(?:(?:async\s+)?def|class)\s+(\w+)/.exec(text) ?? [];
    const assigned = /^[\w\s,=:.[\]]+?(?==[^=])/.exec(text)?.[0].split(/[,=:]/) ?? [];
    names.push(...(defined === undefined ? [] : [defined]), ...assigned.map((name) => name.trim()));
    // `import a as handler`, `from a import b as handler`, `with a() as handler`
    for (const [, alias] of text.matchAll(/\bas\s+(\w+)/g)) if (alias !== undefined) names.push(alias);
  }
  return new Set(names);
}

export function logicalLines(code: string): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  let [at, line, depth, text, startLine, indent, blank] = [0, 1, 0, "", 1, 0, true];
  const end = (): void => {
    if (!blank) lines.push({ line: startLine, indent, text: text.trim() });
    [text, blank] = ["", true];
  };
  while (at < code.length) {
    const char = code[at] ?? "";
    if (char === "#") {
      while (at < code.length && code[at] !== "\n") at++;
      continue;
    }
    if (blank && char !== "\n") {
      if (text === "") [startLine, indent] = [line, 0];
      if (char === " ") indent++;
      // To the next multiple of eight, as Python itself counts.
      else if (char === "\t") indent += 8 - (indent % 8);
      else blank = /\s|\uFEFF/.test(char);
    }
    if (char === '"' || char === "'") {
      const prefix = /[A-Za-z]*$/.exec(text.slice(-2))?.[0] ?? "";
      const after = afterString(code, at, /[ft]/i.test(prefix));
      line += newlines(code, at, after);
      text += '""';
      at = after;
      continue;
    }
    if (char === "\\" && /^\r?\n/.test(code.slice(at + 1, at + 3))) {
      at += code[at + 1] === "\r" ? 3 : 2;
      line++;
      text += " ";
      continue;
    }
    if ("([{".includes(char)) depth++;
    if (")]}".includes(char)) depth = Math.max(0, depth - 1);
    if (char === "\n") {
      line++;
      if (depth === 0) end();
      else text += " ";
    } else if (char !== "\r" && char !== "\uFEFF") text += char;
    at++;
  }
  end();
  return lines;
}

function newlines(code: string, from: number, to: number): number {
  return code.slice(from, to).split("\n").length - 1;
}

/** The index behind the string that begins at `at`. In an f-string, what stands in braces may hold quotes of its own. */
function afterString(code: string, at: number, formatted: boolean): number {
  const quote = code[at] ?? "";
  const fence = code.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  let here = at + fence.length;
  while (here < code.length) {
    if (code[here] === "\\") here += 2;
    else if (code.startsWith(fence, here)) return here + fence.length;
    // Unterminated: an error of the user's that Python tells better.
    else if (code[here] === "\n" && fence.length === 1) return here;
    else if (formatted && code.startsWith("{{", here)) here += 2;
    else if (formatted && code[here] === "{") here = afterField(code, here + 1, fence);
    else here++;
  }
  return here;
}

/** The index behind the `}` of an f-string's field. Behind its `:` stands a format, where quotes are only characters. */
function afterField(code: string, at: number, fence: string): number {
  let [here, depth, format] = [at, 0, false];
  while (here < code.length) {
    const char = code[here] ?? "";
    if (char === "\n" && fence.length === 1) return here;
    if (char === "}" && depth === 0) return here + 1;
    if (format && code.startsWith(fence, here)) return here;
    if (format && char === "{") here = afterField(code, here + 1, fence);
    else if (format) here++;
    else if (char === '"' || char === "'")
      here = afterString(code, here, /[ft]\w?$/i.test(code.slice(at, here)));
    else {
      if ("([{".includes(char)) depth++;
      if (")]}".includes(char)) depth--;
      if (char === ":" && depth === 0) format = true;
      here++;
    }
  }
  return here;
}
