import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    temporary: string
  }
}

const remove = (folder: string) => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })

/** Vitest calls this before the first test: all temporary folders are made in one, which is removed when the run ends. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'meshbench-test-'))
  project.provide('temporary', folder)
  return () => remove(folder)
}

/** An empty folder for several tests or files, removed when the run ends. */
export function sharedFolder(): string {
  return mkdtempSync(join(inject('temporary'), 'shared-'))
}

/** An empty folder for one test or its `beforeEach`, removed when that test ends. */
export function testFolder(): string {
  const folder = mkdtempSync(join(inject('temporary'), 'test-'))
  onTestFinished(() => remove(folder))
  return folder
}
