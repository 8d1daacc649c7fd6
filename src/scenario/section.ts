import { z } from 'zod'
import { say } from './quantity.ts'

/** A map of keys. Its issue about keys that do not exist carries those that do, one a line. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join('\n')
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? keys : undefined) })
}

/** One value, or a list of values that multiplies the load. */
export const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1).max(20)])

/** What editors show of a key. */
export const about = (title: string, description: string, examples: unknown[] = []) =>
  examples.length === 0 ? { title, description } : { title, description, examples }

/** A name that becomes part of file names. */
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*$/, {
    error: ({ input }) =>
      say(
        `${JSON.stringify(input)} does not fit in a file name`,
        'Use lower-case letters, digits, dots and hyphens, starting with a letter or digit.',
      ),
  })
  .max(48)
