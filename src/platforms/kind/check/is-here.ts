import type { DockerInfo } from '../docker.ts'
import type { Readers } from './readers.ts'

/** Whether the daemon shares this machine's kernel, so that what is seen here holds for it: else it has a virtual machine. */
export function isHere({ kernel }: DockerInfo, readers: Pick<Readers, 'os' | 'kernel'>): boolean {
  return readers.os === 'linux' && kernel === readers.kernel
}
