/** One voice for the whole page. */
export interface Speaker {
  /** Id of the words on how charts are walked through. */
  readonly hint: string
  /** For who does not see the page. */
  say(words: string): void
  /** For everybody: shown for a moment too. */
  announce(words: string): void
}

const HINT = 'chart-keys'
const KEYS =
  'Left and right arrow keys go along a series, up and down to another one, Home and End to its ends, Escape leaves.'
/** Long enough to be read. */
const MOMENT = 4000

export function makeSpeaker(): Speaker {
  const hint = text('p', 'unseen', KEYS)
  hint.id = HINT
  hint.hidden = true
  const voice = text('p', 'unseen', '')
  voice.setAttribute('aria-live', 'polite')
  voice.id = 'spoken'
  const board = text('p', 'board', '')
  board.setAttribute('role', 'status')
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    hint: HINT,
    say(words) {
      voice.textContent = words
    },
    announce(words) {
      board.textContent = words
      clearTimeout(timer)
      timer = setTimeout(() => {
        board.textContent = ''
      }, MOMENT)
    },
  }
}

function text(tag: string, name: string, words: string): HTMLElement {
  const element = document.createElement(tag)
  element.className = name
  element.textContent = words
  document.body.append(element)
  return element
}
