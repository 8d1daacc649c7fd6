import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Replaces a module of Node, which the files that share its worker would see too. */
const ALONE = 'tests/store/no-links.test.ts'

/** Whole workflows, pages in a browser and whole runs take most of the time. */
const LONGEST = [
  /\/workflows\/play/,
  /\/browser\/(access|controls)/,
  /\/flow\/run/,
  /\/(browser|flow)\//,
  /\/gate\/(flow|traps)/,
]

/** The longest files begin, so that no worker is left with one at the end. Vitest knows how long they took only where it ran before. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      LONGEST.findIndex((pattern) => pattern.test(moduleId)) + 1 || Infinity
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Math.sign(place(a) - place(b)) || 0)
  }
}

export default defineConfig({
  test: {
    globalSetup: 'tests/temporary-folder.ts',
    // These end a test that hangs, also where other work has most of the machine; no test is about how long it takes.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // On a machine that others use, a page may take its time to answer.
    expect: { poll: { timeout: 60_000 } },
    // Many tests wait for processes and a browser; vitest leaves one core free unless told otherwise.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    projects: [
      // Files that share a worker load modules, bundle the page's scripts and start a browser once, not for each file.
      { extends: true, test: { name: 'shared', include: ['tests/**/*.test.ts'], exclude: [ALONE], isolate: false } },
      { extends: true, test: { name: 'alone', include: [ALONE] } },
    ],
  },
})
