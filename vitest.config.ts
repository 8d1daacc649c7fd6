import { defineConfig } from 'vitest/config'

/** Replaces a module of Node, which the files that share its worker would see too. */
const ALONE = 'tests/store/no-links.test.ts'

export default defineConfig({
  test: {
    globalSetup: 'tests/temporary-folder.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On a machine that others use, a page may take its time to answer.
    expect: { poll: { timeout: 20_000 } },
    // Many tests wait for processes and a browser; vitest leaves one core free unless told otherwise.
    maxWorkers: '100%',
    projects: [
      // Files that share a worker load modules, bundle the page's scripts and start a browser once, not for each file.
      { extends: true, test: { name: 'shared', include: ['tests/**/*.test.ts'], exclude: [ALONE], isolate: false } },
      { extends: true, test: { name: 'alone', include: [ALONE] } },
    ],
  },
})
