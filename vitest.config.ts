import { defineConfig } from 'vitest/config'

/** Tests without files, processes and a memory of their own can share a worker, which saves its start for each file. */
const PURE = 'tests/{model,stats,scenario,plan,meshes,loads,analyse}/**/*.test.ts'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // On a machine that others use, a page may take its time to answer.
    expect: { poll: { timeout: 20_000 } },
    // Many tests wait for processes and a browser; vitest leaves one core free unless told otherwise.
    maxWorkers: '100%',
    projects: [
      { extends: true, test: { name: 'pure', include: [PURE], isolate: false } },
      { extends: true, test: { name: 'world', include: ['tests/**/*.test.ts'], exclude: [PURE] } },
    ],
  },
})
