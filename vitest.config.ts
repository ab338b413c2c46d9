import { BaseSequencer, type TestSpecification } from "vitest/node";
import { defineConfig } from "vitest/config";

/** What takes a minute or more: begun last, one of them would be waited for alone. Longest first. */
const LONG = [
  "test/runner/life.test.ts",
  "test/review/life.test.ts",
  "test/account/roles.test.ts",
  "test/faults/kill.test.ts",
  "test/pipeline/demo.test.ts",
  "test/load/process.test.ts",
  "test/load/machine.test.ts",
  "test/faults/trouble.test.ts",
  "test/python/example.test.ts",
  "test/action/life.test.ts",
];

class LongFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONG.findIndex((name) => moduleId.endsWith(name));
      return index === -1 ? LONG.length : index;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- a method of the sequencer, not of an array
    const files = await super.sort(specifications);
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/global-setup.ts",
    // Two cores. A third worker has work while the others wait for an emulator; a fourth only makes each of them slower.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
