import { runPacked } from './packed.ts'

/** The only script that stands in the page as it is. The rest waits compressed, which keeps the page small. */
runPacked('client').catch((error: unknown) => console.error(error))

// The second frame comes after the first paint: now what stands below the opening is shown.
const show = () =>
  requestAnimationFrame(() => requestAnimationFrame(() => document.documentElement.setAttribute('data-ready', '')))
document.addEventListener('DOMContentLoaded', show)
