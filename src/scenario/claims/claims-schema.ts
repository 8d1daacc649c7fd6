import { z } from 'zod'
import { FEATURE_VERDICTS, type FeatureVerdict } from '../../model/feature.ts'
import { MESH_ROLES, type Role } from '../../model/usage.ts'
import { about, name, oneOrMore, say, section } from '../../yaml/quantities.ts'
import { shown } from '../../yaml/yaml-finding.ts'
import { amount } from '../gate-schema.ts'

/** `atLeast`, `atMost` or `between` of one kind of amount. */
function bound<Amount extends z.ZodType>(one: Amount, what: string) {
  return section({
    atLeast: one.optional().meta(about('At least', `The claim is that ${what} is this or more.`)),
    atMost: one.optional().meta(about('At most', `The claim is that ${what} is this or less.`)),
    between: z
      .tuple([one, one])
      .optional()
      .meta(about('Between', `The claim is that ${what} is within these two, both included.`)),
  })
}

function notAnAddress(input: unknown): string {
  return say(`${shown(input)} is not an address`, 'Write where it is claimed: "https://…".')
}

const DATE = /^(undated|\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)$/

/** A month has fewer than 31 days, or as many. */
function isDayThere(date: string): boolean {
  return !/^\d{4}-\d\d-\d\d$/.test(date) || z.iso.date().safeParse(date).success
}

function notADate(input: unknown): string {
  return say(`${shown(input)} is not a date`, 'Write year, month and day, or less ("2025-04"), or undated.')
}

const claimSchema = section({
  id: name.meta(about('Id', 'Short name of the claim, in tables and links.', ['ambient-half-cpu'])),
  claim: z.string().min(1).max(500).meta(about('Claim', 'What is claimed, in your own words.')),
  source: z
    .string()
    .regex(/^https:\/\/[\w.-]+(\/\S*)?$/, {
      error: ({ input }) => notAnAddress(input),
    })
    .refine((text) => URL.canParse(text), { error: ({ input }) => notAnAddress(input) })
    .meta(about('Source', 'Address of the page that claims it.')),
  date: z
    .string()
    .regex(DATE, { error: ({ input }) => notADate(input) })
    .refine(isDayThere, { error: ({ input }) => notADate(input) })
    .meta(about('Date', 'When it was claimed: a year, a month or a day; or undated.', ['2025-04'])),
  of: name.optional().meta(about('Of', 'The arm that is measured.')),
  over: name.optional().meta(about('Over', 'The arm that it is compared with, for a ratio or difference.')),
  load: name.optional().meta(about('Load', 'The load under which it is measured.')),
  metric: z
    .string()
    .optional()
    .meta(about('Metric', 'What is measured.', ['p50', 'p99', 'mesh-cpu', 'mesh-memory'])),
  roles: z
    .array(z.enum([...MESH_ROLES] as [Role, ...Role[]]))
    .min(1)
    .optional()
    .meta(about('Roles', 'Only the components of these roles, of a metric of the mesh.', [['control-plane']])),
  ratio: bound(z.number().positive(), 'the ratio of the two arms')
    .optional()
    .meta(about('Ratio', 'The claim is about `of` divided by `over`.', [{ atLeast: 2 }])),
  difference: bound(amount, 'the difference of the two arms')
    .optional()
    .meta(about('Difference', 'The claim is about `of` less `over`.', [{ atMost: '1ms' }])),
  value: bound(amount, 'the value')
    .optional()
    .meta(about('Value', 'The claim is about `of` by itself.', [{ atMost: '60MiB' }])),
  feature: z
    .string()
    .optional()
    .meta(about('Feature', 'A probe of `meshbench features`, in place of a metric.', ['mutual-tls-tcp'])),
  arm: name.optional().meta(about('Arm', 'The arm whose feature it is.')),
  expected: oneOrMore(z.enum(Object.keys(FEATURE_VERDICTS) as [FeatureVerdict, ...FeatureVerdict[]]))
    .optional()
    .meta(about('Expected', 'What the probe says where the claim holds, or a list.', ['works', 'unsupported'])),
  needs: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .meta(about('Needs', 'Where meshbench has no way to measure it yet: what would tell.')),
})

/** Claims of others, which `meshbench claims` judges. */
export const claimsSchema = z.array(claimSchema).max(200)
