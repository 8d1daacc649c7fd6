import { writeFileSync } from 'node:fs'
import { scenarioJsonSchema } from './schema.ts'

writeFileSync(
  new URL('../../scenarios/schema.json', import.meta.url),
  `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`,
)
