import type { View } from 'vega'

/** A drawing that stands alone: colours and letters of the page as it looks now, on its paper. */
export async function svgOf(view: View): Promise<string> {
  const style = getComputedStyle(document.documentElement)
  const font = getComputedStyle(document.body).fontFamily.replaceAll('"', "'")
  const colored = (await view.toSVG())
    .replace(/var\((--[\w-]+)\)/g, (_, name: string) => colorOf(style.getPropertyValue(name)))
    .replaceAll('font-family="inherit"', `font-family="${font}"`)
  return colored.replace(/^<svg[^>]*>/, (open) => `${open}<rect width="100%" height="100%" fill="${paper()}"/>`)
}

/** Of a system that forces its colours, the variables hold names such as `CanvasText`, which mean nothing elsewhere. */
function colorOf(value: string): string {
  const trial = document.createElement('i')
  trial.style.color = value.trim()
  document.body.append(trial)
  const { color } = getComputedStyle(trial)
  trial.remove()
  return color
}

function paper(): string {
  return getComputedStyle(document.body).backgroundColor
}

/** Twice as fine as the page, for slides. */
const FINE = 2

export async function pngOf(svg: string): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = address
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.naturalWidth * FINE
    canvas.height = image.naturalHeight * FINE
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture could not be made'))), 'image/png')
    })
  } finally {
    URL.revokeObjectURL(address)
  }
}
