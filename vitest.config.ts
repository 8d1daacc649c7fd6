import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    // On a machine that others use, a page may take its time to answer.
    expect: { poll: { timeout: 20_000 } },
  },
})
