/** The import statements that Warren sees are those that Python sees. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { pythonImports } from "../../action/core/python-imports.ts";

/** Prints, for every file of Python's own library that is not in a folder, what `ast` finds. */
const LIBRARY = `
import ast, glob, json, os, sysconfig
found = {}
for path in glob.glob(os.path.join(sysconfig.get_path("stdlib"), "*.py")):
    with open(path, encoding="utf-8", newline="") as file:
        tree = ast.parse(file.read())
    imports = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [[node.lineno, 0, alias.name, []] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports.append([node.lineno, node.level, node.module or "", [alias.name for alias in node.names]])
    found[path] = sorted(imports)
print(json.dumps(found))
`;

type Seen = readonly [line: number, level: number, module: string, names: readonly string[]];

test("in Python's own library, as Python itself reads it", () => {
  const answer = execFileSync("python3", ["-I", "-c", LIBRARY], { encoding: "utf8", maxBuffer: 1e8 });
  const library = Object.entries(JSON.parse(answer) as Record<string, Seen[]>);
  expect(library.length).toBeGreaterThan(100);
  const order = (a: Seen, b: Seen): number => a[0] - b[0] || (a[2] < b[2] ? -1 : 1);
  for (const [path, expected] of library) {
    const seen = pythonImports(readFileSync(path, "utf8")).map(({ line, level, module, names }): Seen => [
      line,
      level,
      module,
      names,
    ]);
    expect({ path, seen: seen.toSorted(order) }).toEqual({ path, seen: expected.toSorted(order) });
  }
});

function modules(code: string): readonly string[] {
  return pythonImports(code).map(({ line, module }) => `${line} ${module}`);
}

test.each([
  ["a list over several lines", "from a import (  # why\n    b as c,\n    d,\n)\nimport e\n", ["1 a", "5 e"]],
  ["lines that go on", "import a, \\\r\n  b\r\nimport c\r\n", ["1 a", "1 b", "3 c"]],
  ["several statements on a line", "import a; from b import c; x = 1; import d\n", ["1 a", "1 b", "1 d"]],
  ["text that only looks like one", '"""\nimport a\n"""\nx = "import b"  # import c\nimport d\n', ["5 d"]],
  ["an f-string with quotes of its own", 'x = f"{y["("]:\'>10} {{"\nimport a\n', ["2 a"]],
  ["a raw string that ends in a backslash and quote", "x = r'\\''\nimport a\n", ["2 a"]],
  ["a string that is never closed", "x = 'abc\nimport a\n", ["2 a"]],
  ["a name that begins like one", "importlib.reload(a)\nfrom_ = 1\nimport_ = 2\n", []],
])("%s", (_what, code, expected) => {
  expect(modules(code)).toEqual(expected);
});

test("an import below `if` or `try` is guarded, one in a function is lazy, one in a class is made always", () => {
  const code = `
import a
try:
    import b
except ImportError: import c
if TYPE_CHECKING:
	import d
def f():
    import e
    if x:
        import g
class C:
    import h
with x:
    import i
import j
`;
  expect(pythonImports(code).map(({ module, when }) => `${module} ${when}`)).toEqual([
    "a always",
    "b guarded",
    "c guarded",
    "d guarded",
    "e lazy",
    "g guarded",
    "h always",
    "i always",
    "j always",
  ]);
});
