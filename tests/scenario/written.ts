import { parseScenario } from '../../src/scenario/parse.ts'

/** A scenario file that is right, with parts of it replaced. */
export function written(parts: Partial<Record<'top' | 'arms' | 'loads' | 'simulation', string>> = {}): string {
  return [
    'name: test',
    ...(parts.top === undefined ? [] : [parts.top]),
    `arms: ${parts.arms ?? '[none, envoy-node]'}`,
    `loads: ${parts.loads ?? '[{ rate: 100/s }]'}`,
    ...(parts.simulation === undefined ? [] : [`simulation: ${parts.simulation}`]),
    '',
  ].join('\n')
}

/** The scenario of a text that must be right. */
export function parsed(text: string) {
  const { scenario, problems } = parseScenario(text, 'test.yaml')
  if (!scenario) throw new Error(JSON.stringify(problems, null, 2))
  return scenario
}
