import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/packages/*.packages.ts"],
    // qemu takes a core for itself, and jsdom 13 seconds of it.
    testTimeout: 240_000,
  },
});
