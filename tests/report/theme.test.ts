import { describe, expect, it } from 'vitest'
import { THEME } from '../../src/report/page-style.ts'

const themes = [...THEME.matchAll(/\{[^{}]*--paper:#[^}]*\}/g)].map(([block]) =>
  Object.fromEntries([...block.matchAll(/--([\w-]+):(#[0-9a-f]{6})/g)].map(([, name, color]) => [name, color])),
)

/** WCAG 2: (lighter + 0.05) / (darker + 0.05) of relative luminances. */
function contrast(a = '', b = ''): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

describe('colours', () => {
  it('are there for both themes, by the same names', () => {
    expect(themes).toHaveLength(2)
    expect(Object.keys(themes[1] ?? {})).toEqual(Object.keys(themes[0] ?? {}))
  })

  it.each(themes.map((theme, index) => ({ theme, name: ['light', 'dark'][index] })))(
    'of text reach 4.5:1 on paper, in and beside charts too: $name',
    ({ theme }) => {
      const texts = Object.keys(theme).filter((name) =>
        /^(ink|muted|link|worse|better|alarm|caution|arm-|role-)/.test(name),
      )
      expect(texts.length).toBeGreaterThan(20)
      const weak = texts.filter((name) => contrast(theme[name], theme['paper']) < 4.5)
      expect(weak).toEqual([])
      expect(contrast(theme['muted'], theme['panel'])).toBeGreaterThan(4.5)
    },
  )
})
