import { PREFIX } from './record.ts'

/**
 * A cluster's name: short, since a node's is made of it and has 63 characters at most; with the time and the last part of
 * the run's id, so that a person sees whose it is: `meshbench-1122t1034-k3f9-c1-2`.
 */
export function clusterName(run: string, cohort: number, index: number): string {
  const time = /^\d{4}-(\d\d)-(\d\d)T(\d{4})/.exec(run)
  const parts = [time ? `${time[1]}${time[2]}t${time[3]}` : '', run.split('-').at(-1) ?? run, `c${cohort}`, `${index}`]
  return (
    PREFIX +
    parts
      .filter(Boolean)
      .join('-')
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '')
      .slice(0, 38)
  )
}
