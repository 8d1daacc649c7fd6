import { otherRun, readPageData } from '../data/other-run.ts'
import type { PageData } from '../data/page-data.ts'
import { html, textOf } from '../html.ts'
import { unpack } from './packed.ts'

/** Largest file that is read, in bytes; reports are about a twentieth of it. */
const MOST = 64 * 2 ** 20

/** Takes another report from wherever it is dropped; hands back what takes one that was chosen. */
export function acceptOtherRun(own: PageData): (file: File) => void {
  const take = (file: File) => void show(own, file)
  const over = (is: boolean) => document.body.classList.toggle('dropping', is)
  const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  document.addEventListener('dragover', (event) => {
    if (!hasFile(event)) return
    event.preventDefault()
    over(true)
  })
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) over(false)
  })
  document.addEventListener('drop', (event) => {
    if (!hasFile(event)) return
    event.preventDefault()
    over(false)
    const file = event.dataTransfer?.files[0]
    if (file) take(file)
  })
  document.getElementById('other-run')?.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('button')) close()
  })
  return take
}

async function show(own: PageData, file: File): Promise<void> {
  const place = document.getElementById('other-run')
  if (!place) return
  const read = await readReport(file)
  const told =
    'data' in read
      ? otherRun(own, read.data)
      : html`<h2 id="other-run-title" tabindex="-1">Comparison with another run</h2><p class="reason" role="alert">${file.name} cannot be compared: ${read.reason}. Choose a report.html of this version of meshbench; for an older run, write a new one with <code>meshbench report</code>.</p><p><button type="button">Close</button></p>`
  place.innerHTML = textOf(told)
  place.hidden = false
  place.setAttribute('aria-labelledby', 'other-run-title')
  const title = document.getElementById('other-run-title')
  title?.scrollIntoView()
  title?.focus({ preventScroll: true })
}

function close(): void {
  const place = document.getElementById('other-run')
  if (!place) return
  place.hidden = true
  place.replaceChildren()
}

/** The file is read as text and parsed into a document that no window shows: none of its scripts run, nothing of it loads. */
async function readReport(file: File): Promise<ReturnType<typeof readPageData>> {
  if (file.size > MOST) return { reason: 'it is larger than any report' }
  try {
    const parsed = new DOMParser().parseFromString(await file.text(), 'text/html')
    const packed = parsed.querySelector('script[type="application/octet-stream"]#data')?.textContent
    if (!packed) return { reason: 'it is not a meshbench report with data' }
    return readPageData(await unpack(packed))
  } catch {
    return { reason: 'it cannot be read, or its data are damaged' }
  }
}
