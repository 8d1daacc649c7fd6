import { stringify } from 'yaml'
import type { Scenario, Simulation } from '../model/scenario.ts'

/** The scenario as a file that `meshbench run` takes: units written out, so that the page alone repeats the run. */
export function scenarioText({ arms, loads, simulation, idle, ...rest }: Scenario): string {
  return stringify({
    ...rest,
    ...(idle !== undefined && { idle: seconds(idle) }),
    arms: arms.map(({ inject, ...arm }) => ({ ...arm, ...(inject && { inject: { delay: seconds(inject.delay) } }) })),
    loads: loads.map((load) => ({
      ...load,
      rate: load.rate === 'max' ? load.rate : `${load.rate}/s`,
      payload: `${load.payload}B`,
      warmup: seconds(load.warmup),
      duration: seconds(load.duration),
    })),
    ...(rest.platform === 'simulated' && { simulation: simulationText(simulation) }),
  })
}

function simulationText({ latency, pace, stalls, effects, ...rest }: Simulation) {
  const written = Object.entries(effects).map(([arm, { memory, ...effect }]) => [
    arm,
    { ...effect, ...(memory !== undefined && { memory: `${memory}B` }) },
  ])
  return {
    ...rest,
    latency: seconds(latency),
    pace: seconds(pace),
    effects: Object.fromEntries(written),
    ...(stalls && { stalls: { ...stalls, every: seconds(stalls.every), last: seconds(stalls.last) } }),
  }
}

/** Never in exponent notation, which durations do not have. */
function seconds(value: number): string {
  return value === 0 || value >= 1e-3 ? `${value}s` : `${Number((value * 1e6).toFixed(6))}us`
}
