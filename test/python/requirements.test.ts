import { expect, test } from "vitest";

import { parseRequirements } from "../../action/core/requirements.ts";

function named(text: string): readonly string[] {
  return parseRequirements("requirements.txt", text).named.map(
    ({ name, line, pinned }) => `${line} ${name}${pinned ? " pinned" : ""}`,
  );
}

test.each([
  ["six==1.17.0", ["1 six pinned"]],
  ["Six_X.y === 1.0", ["1 six-x-y pinned"]],
  ["six", ["1 six"]],
  ["six>=1,<2\npandas~=3.1", ["1 six", "2 pandas"]],
  ["six==1.*", ["1 six"]],
  ["six==1.0,!=1.1", ["1 six"]],
  ['six[extra, other]==1.0 ; python_version >= "3.11"', ["1 six pinned"]],
  ["six @ https://example.org/six-1.0-py3-none-any.whl", ["1 six pinned"]],
  ["./wheels/my_pkg-1.0-py3-none-any.whl", ["1 my-pkg pinned"]],
  ["# six==1\n\n--index-url https://example.org\n-r other.txt\nsix  # why", ["5 six"]],
  ["six==1.17.0 \\\n    --hash=sha256:00 \\\n    # via x\nboto3==1.0", ["1 six pinned", "4 boto3 pinned"]],
])("%j", (text, expected) => {
  expect(named(text)).toEqual(expected);
});

test("hashes, and files that are included", () => {
  const text = "-r a.txt\n--constraint=b.txt\n-cc.txt\nsix==1 --hash=sha256:00\n";
  expect(parseRequirements("requirements.txt", text)).toMatchObject({
    hashed: true,
    includes: [
      { path: "a.txt", line: 1 },
      { path: "b.txt", line: 2 },
      { path: "c.txt", line: 3 },
    ],
  });
});

test.each([
  ["six==1.17.0", false],
  ['six==1.17.0; python_version < "3.14" --hash=sha256:00', false],
  ["./wheels/six-1.17.0-py3-none-any.whl", true],
  ["./wheels/six-1.17.0-py3-none-any.whl --hash=sha256:00", false],
  ["six @ https://example.org/six-1.17.0-py3-none-any.whl", true],
  ["--find-links ./wheels\nsix==1.17.0", true],
  ["--index-url https://example.org/simple\nsix==1.17.0", false],
])("whether what it names may be another file tomorrow: %j", (text, movable) => {
  expect(parseRequirements("requirements.txt", text).movable).toBe(movable);
});

test("a long line of hashes is read in time that grows with it", () => {
  const hashes = Array.from({ length: 4_000 }, (_, index) => `--hash=sha256:${index}`).join(" \\\n    ");
  expect(named(`six==1 \\\n    ${hashes}\n`)).toEqual(["1 six pinned"]);
});
