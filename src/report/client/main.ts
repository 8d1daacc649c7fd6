import type { PageData } from '../data/page-data.ts'
import { PUBLISHED } from '../data/page-state.ts'
import { closeMenus, offerMenu } from './chart-menu.ts'
import { acceptOtherRun } from './compare-drop.ts'
import { offerClusterSize, offerTrials, showControls, warnWhenChanged } from './controls.ts'
import { followLinks, linkCopier } from './links.ts'
import { liveFigures } from './live-figures.ts'
import { makeSpeaker, makeTooltip, pointAtMarks, walkMarks } from './marks.ts'
import { unpack } from './packed.ts'
import { showLoad } from './parts.ts'
import { startReading } from './reading.ts'

/**
 * When the rest of the page has been read and is shown: boot waits for the same frame, and began before. A task later, since
 * asking for a place before that frame is laid out would lay out what is still hidden.
 */
const whole = new Promise<unknown>((done) => {
  const shown = () => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', shown)
  else shown()
})

/** The page is complete without this. It brings what answers to a reader. */
async function start(): Promise<void> {
  const data = JSON.parse(await unpack(document.getElementById('data')?.textContent ?? '')) as PageData
  const reading = startReading(data, PUBLISHED)
  const [speaker, tooltip] = [makeSpeaker(), makeTooltip()]
  const copyLink = linkCopier(reading, speaker)
  showControls(reading, acceptOtherRun(data), copyLink)
  await whole
  offerClusterSize(reading)
  warnWhenChanged(reading)
  closeMenus()
  const takeFigures = liveFigures(reading, (figure) => {
    if (figure.isDrawn) {
      pointAtMarks(figure, tooltip)
      walkMarks(figure, tooltip, speaker)
    }
    offerMenu(figure, reading, copyLink)
  })
  const takeTrials = offerTrials(reading)
  const take = (part: ParentNode) => {
    takeFigures(part)
    takeTrials(part)
    // The menu of a figure has its address.
    for (const link of part.querySelectorAll<HTMLElement>('.self')) link.tabIndex = -1
  }
  take(document)
  showLoad(reading, take)
  reading.listen(() => mark(reading.asked === '' ? '' : 'asked'))
  mark('')
  followLinks(reading)
}

/** For the style sheet: paper shows the drawings that came with the page unless others were asked for. */
function mark(live: '' | 'asked'): void {
  document.documentElement.dataset['live'] = live
}

start().catch((error: unknown) => console.error(error))
