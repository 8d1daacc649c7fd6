import { defineConfig } from 'vitest/config'

/**
 * Mutants of src/stats are to be killed by its own tests: that others would notice as well proves nothing about these. Stryker ends
 * what runs for ever; a test that computes for long must not fail the first run on a busy machine.
 */
export default defineConfig({
  test: { include: ['tests/stats/**/*.test.ts'], testTimeout: 600_000 },
})
