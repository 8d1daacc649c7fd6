import { defineConfig } from 'vitest/config'

/** Mutants of src/stats are to be killed by its own tests: that others would notice as well proves nothing about these. */
export default defineConfig({
  test: { include: ['tests/stats/**/*.test.ts'], testTimeout: 60_000 },
})
