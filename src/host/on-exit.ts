/** What must not outlive this process, however it ends short of a SIGKILL: run in the reverse order of registering. */
const actions = new Set<() => void>()

function runAll(): void {
  for (const action of [...actions].reverse()) {
    try {
      action()
    } catch {
      // The process is ending: there is nobody left to tell, and the next action matters as much.
    }
  }
}

/** Registers a synchronous action; the answer takes it back. */
export function onExit(action: () => void): () => void {
  if (actions.size === 0) process.on('exit', runAll)
  actions.add(action)
  return () => {
    actions.delete(action)
    if (actions.size === 0) process.off('exit', runAll)
  }
}
