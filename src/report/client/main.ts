import type { PageData } from '../data/page-data.ts'
import { PUBLISHED } from '../data/page-state.ts'
import { acceptOtherRun } from './compare-drop.ts'
import { offerClusterSize, offerTrials, renewParts, showControls, warnWhenChanged } from './controls.ts'
import { offerDownloads } from './downloads.ts'
import { followLinks, linkCopier } from './links.ts'
import { LIVE_STYLE, liveFigures } from './live-figures.ts'
import { makeTooltip, pointAtMarks, walkMarks } from './marks.ts'
import { unpack } from './packed.ts'
import { startReading } from './reading.ts'
import { makeSpeaker } from './speaker.ts'

/** The page is complete without this. It brings what answers to a reader. */
async function start(): Promise<void> {
  const data = JSON.parse(await unpack(document.getElementById('data')?.textContent ?? '')) as PageData
  const style = document.createElement('style')
  style.textContent = LIVE_STYLE
  document.head.append(style)
  const reading = startReading(data, PUBLISHED)
  const [speaker, tooltip] = [makeSpeaker(), makeTooltip()]
  const copyLink = linkCopier(reading, speaker)
  keepPlace(() => {
    showControls(reading, acceptOtherRun(data), copyLink)
    offerClusterSize(reading)
    offerTrials(reading)
  })
  warnWhenChanged(reading)
  renewParts(reading)
  for (const figure of liveFigures(reading)) {
    if (figure.isDrawn) {
      pointAtMarks(figure, tooltip)
      walkMarks(figure, tooltip, speaker)
    }
    offerDownloads(figure, reading, copyLink)
  }
  reading.listen(() => mark(reading.isPublished ? '' : 'asked'))
  mark('')
  followLinks(reading)
}

/** Who came by a link is in the middle of the page already: what is added above must not push the place away. */
function keepPlace(add: () => void): void {
  const place = scrollY > 0 ? document.elementFromPoint(innerWidth / 2, innerHeight / 2) : null
  const before = place?.getBoundingClientRect().top ?? 0
  add()
  if (place) scrollBy({ top: place.getBoundingClientRect().top - before, behavior: 'instant' })
}

/** For the style sheet: paper shows the drawings that came with the page unless others were asked for. */
function mark(live: '' | 'asked'): void {
  document.documentElement.dataset['live'] = live
}

start().catch((error: unknown) => console.error(error))
