import { fileURLToPath } from 'node:url'
import { Failure } from '../model/failure.ts'

/** Pixels for each unit of a picture: sharp on a projector and on a screen of high density. */
export const PNG_SCALE = 2

/** Narrow as the faces that browsers have for text, so that labels find the room that was reckoned for them. */
const FACES = ['DejaVuSansCondensed.ttf', 'DejaVuSansCondensed-Bold.ttf']
const FAMILY = 'DejaVu Sans Condensed'

/** A picture as PNG. The face is carried along: a machine without fonts draws the same. */
export async function pngOf(svg: string): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js').catch((cause: unknown) => {
    throw new Failure('png', 'PNG cannot be drawn on this machine', {
      cause,
      fix: 'Use the SVG files, or install meshbench anew on this machine: what draws is made for one platform.',
    })
  })
  const fontFiles = FACES.map((name) => fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)))
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: PNG_SCALE },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: FAMILY, sansSerifFamily: FAMILY },
  })
  return picture.render().asPng()
}
