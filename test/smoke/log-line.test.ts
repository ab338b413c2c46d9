/** Log lines as somebody reads them who wants to know why. */
import { expect, test } from "vitest";
import { readableLines } from "../../action/core/log-line.ts";

test.each([
  ["plain text stays as it is", "it rained", ["it rained"]],
  ["several lines are several lines", "a\r\n\n  at b  \n", ["a", "  at b"]],
  ["what Lambda writes around a run is left out", "START RequestId: 1 Version: $LATEST", []],
  ["but not how it ended", "REPORT RequestId: 1\tStatus: timeout", ["REPORT RequestId: 1\tStatus: timeout"]],
  ["a logger's line", '{"level":"INFO","message":"batch done","service":"x"}', ["INFO batch done"]],
  [
    "a logger's error",
    '{"level":"ERROR","message":"message failed","error":{"name":"TypeError","location":"a.ts:3","message":"no b","stack":"…"}}',
    ["ERROR message failed: TypeError: no b (a.ts:3)"],
  ],
  [
    "an error in Lambda's JSON format",
    '{"level":"ERROR","message":{"errorType":"Error","errorMessage":"out of carrots","stackTrace":["at a"]}}',
    ["ERROR: Error: out of carrots"],
  ],
  [
    "an error that nobody caught",
    '{"errorType":"Error","errorMessage":"out of carrots"}',
    ["Error: out of carrots"],
  ],
  ["a platform event around a run", '{"type":"platform.start","record":{"requestId":"1"}}', []],
  [
    "a platform event at its end",
    '{"type":"platform.report","record":{"status":"timeout"}}',
    ['platform.report {"status":"timeout"}'],
  ],
  ["fields that nobody knows", '{"rabbit":"late"}', ['{"rabbit":"late"}']],
  ["what only looks like JSON", "{late", ["{late"]],
  ["colours are left out", "\u001B[1;31mERROR\u001B[0m \u001B]8;;x\u0007late", ["ERROR late"]],
  ["colours within JSON, too", '{"level":"\\u001b[31merror","message":"late"}', ["ERROR late"]],
  ["an order to a runner is none", "::error::late\n  ##[error]late", [": :error::late", "  ## [error]late"]],
  ["a name that is no error's", '{"level":"INFO","message":"hello","name":"Netflix"}', ["INFO hello"]],
])("%s", (_what, text, lines) => {
  expect(readableLines([text])).toEqual(lines);
});

test("what comes again is told once, where it came last", () => {
  expect(readableLines(["a", "b", "a", "c", "a"])).toEqual(["b", "c", "a (3 times)"]);
});

test.each([
  [
    "whose name is coloured",
    `\u001B[35mpassword\u001B[39m: \u001B[32m'carrot-cake'\u001B[39m`,
    "carrot-cake",
  ],
  [
    "of many lines",
    `-----BEGIN RSA PRIVATE KEY-----\n${"carrot\n".repeat(3)}-----END RSA PRIVATE KEY-----\nafter`,
    "carrot",
  ],
  ["in JSON", '{"message":"in","DB_PASSWORD":"carrot-cake"}\n{"token": "carrot-cake"}', "carrot-cake"],
])("a secret %s is cut out", (_what, text, secret) => {
  const lines = readableLines([text]);
  expect(lines.join("\n")).toContain("[hidden]");
  expect(lines.join("\n")).not.toContain(secret);
});
