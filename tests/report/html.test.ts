import { describe, expect, it } from 'vitest'
import { html, textOf, trusted } from '../../src/report/html.ts'

describe('html', () => {
  it('escapes every value, also inside attributes', () => {
    const hostile = `"><script>alert('x')</script>&`
    expect(textOf(html`<a title="${hostile}">${hostile}</a>`)).toBe(
      '<a title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">' +
        '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</a>',
    )
  })

  it('keeps markup, joins lists and drops what is absent', () => {
    expect(textOf(html`<ul>${['a<', 'b'].map((item) => html`<li>${item}</li>`)}${false}${undefined}</ul>`)).toBe(
      '<ul><li>a&lt;</li><li>b</li></ul>',
    )
    expect(textOf(html`${0}${trusted('<b>')}`)).toBe('0<b>')
  })

  it('replaces control characters, which HTML does not have', () => {
    expect(textOf(html`${'a\u{0}b\u{1b}[31m\n'}`)).toBe('a\u{FFFD}b\u{FFFD}[31m\n')
  })
})
