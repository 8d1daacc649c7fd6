import { Failure } from '../model/failure.ts'

/** What the operating system can refuse, in the words of somebody who wants to go on. `%` stands for the path. */
const REFUSALS: Readonly<Record<string, { readonly code: string; readonly message: string; readonly fix: string }>> = {
  ENOSPC: { code: 'disk-full', message: 'the disk is full: % could not be written', fix: 'Free some space on it.' },
  EDQUOT: { code: 'disk-full', message: 'the disk quota is used up: % could not be written', fix: 'Free some space.' },
  EACCES: {
    code: 'not-writable',
    message: '% may not be written by this user',
    fix: 'Give this user the right to write there, or name another folder for results.',
  },
  EROFS: {
    code: 'not-writable',
    message: '% is on a file system that is mounted read-only',
    fix: 'Name another folder for results. If it was writable before, its disk may be failing: look at the kernel log.',
  },
  ENOTDIR: {
    code: 'not-writable',
    message: '% cannot be made: a part of its path is a file, not a folder',
    fix: 'Name another folder for results, or move that file away.',
  },
  EEXIST: {
    code: 'not-writable',
    message: '% cannot be made: a part of its path is a file, not a folder',
    fix: 'Name another folder for results, or move that file away.',
  },
  EMFILE: {
    code: 'too-many-files',
    message: 'this process has too many open files: % could not be opened',
    fix: 'Raise the limit in this shell with `ulimit -n 4096`.',
  },
  ENFILE: {
    code: 'too-many-files',
    message: 'this machine has too many open files: % could not be opened',
    fix: 'Close programs, or raise fs.file-max.',
  },
}
const OWN = { code: 'not-stored', message: '% could not be written', fix: 'Look at the cause.' }

/** What a write that broke becomes. */
export function storageFailure(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error
  const errno = errnoOf(error)
  const { code, message, fix } = REFUSALS[errno === 'EPERM' ? 'EACCES' : errno] ?? OWN
  return new Failure(code, message.replace('%', path), { cause: error, fix })
}

/** The system's name of an error (`ENOENT`, …); empty when it is not the system's. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
