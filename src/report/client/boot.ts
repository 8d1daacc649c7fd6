import { runPacked } from './packed.ts'

/** The only script that stands in the page as it is. The rest waits compressed, which keeps the page small. */
runPacked('client').catch((error: unknown) => console.error(error))
