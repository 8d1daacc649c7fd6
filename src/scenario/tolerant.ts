import { z } from 'zod'

/** What is left of a value of type T where anything in it may be written wrong: that is undefined. */
export type Tolerated<T> = T extends readonly (infer Item)[]
  ? readonly Tolerated<Item>[] | undefined
  : T extends object
    ? { readonly [Key in keyof T]: Tolerated<T[Key]> } | undefined
    : T | undefined

/**
 * The same schema, forgiving: what is wrong becomes undefined, what is absent still gets its default, and text keeps its
 * value whatever its form. It lets rules judge what is right beside what is wrong.
 */
export function tolerant<Schema extends z.ZodType>(schema: Schema): z.ZodType<Tolerated<z.output<Schema>>> {
  return forgiving(schema) as unknown as z.ZodType<Tolerated<z.output<Schema>>>
}

function forgiving(schema: z.core.$ZodType): z.ZodType {
  return inside(schema).optional().catch(undefined)
}

function inside(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodPrefault) return inside(schema.unwrap()).prefault(schema.def.defaultValue)
  if (schema instanceof z.ZodOptional) return inside(schema.unwrap()).optional()
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map(inside))
  if (schema instanceof z.ZodArray) return z.array(forgiving(schema.element))
  if (schema instanceof z.ZodRecord) return z.record(z.string(), forgiving(schema.valueType))
  if (schema instanceof z.ZodString) return z.string()
  if (schema instanceof z.ZodObject) {
    return z.object(Object.fromEntries(Object.entries(schema.shape).map(([key, field]) => [key, forgiving(field)])))
  }
  return schema as z.ZodType
}
