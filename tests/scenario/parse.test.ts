import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseScenario } from '../../src/scenario/parse.ts'
import { formatProblems, scenarioFailure } from '../../src/yaml/source.ts'
import { parsed, written } from './written.ts'

const SHIPPED = readdirSync('scenarios').filter((name) => name.endsWith('.yaml'))
const read = (name: string) => readFileSync(`scenarios/${name}`, 'utf8')

describe('parseScenario', () => {
  it('fills in every default, in base units', () => {
    expect(parsed('name: least\narms: [none]\nloads: [{ rate: 100/s }]\n')).toStrictEqual({
      name: 'least',
      profile: 'equalised',
      minEffect: 0.02,
      seed: 1,
      cohorts: 1,
      blocks: 4,
      idle: 5,
      arms: [{ name: 'none', mesh: 'none' }],
      loads: [
        {
          name: 'http-100',
          tool: 'fortio',
          protocol: 'http',
          rate: 100,
          connections: 8,
          payload: 1024,
          warmup: 2,
          duration: 10,
        },
      ],
      simulation: {
        latency: 0.001,
        spread: 0.3,
        effects: {},
        noise: { trial: 0.03, block: 0.05, cohort: 0.03 },
        drift: 1,
        faults: [],
        pace: 0,
      },
    })
  })

  it('reports ten different mistakes at once, each on its line', () => {
    const { problems } = parseScenario(
      [
        'name: Ten Mistakes',
        'platfrm: local',
        'blocks: four',
        'arms:',
        '  - none',
        '  - none',
        '  - envoy-sidcar',
        '  - { name: next, mesh: envoy-node, version: 1.30 }',
        'loads:',
        '  - rate: 1000',
        '    duration: 10 sec',
        '  - rate: 100/s',
        '    rate: 200/s',
        '    tool: k6',
        '    protocol: grpc',
        '  - name: crowded',
        '    rate: 1/s',
        '    connections: 900',
        'simulation: { effects: { nobody: { cpu: 2 } } }',
        '',
      ].join('\n'),
      'ten.yaml',
    )
    expect(problems.map(({ line, column, path, message }) => `${line}:${column} ${path} | ${message}`)).toEqual([
      '1:7 name | name: "Ten Mistakes" does not fit in a file name',
      '2:1 platfrm | unknown key "platfrm"',
      '3:9 blocks | blocks: "four" is not a number',
      '6:5 arms[1].name | two arms are called "none"',
      '7:5 arms[2].mesh | there is no mesh "envoy-sidcar"',
      '8:46 arms[3].version | version: 1.30 is not text',
      '10:11 loads[0].rate | rate: 1000 has no unit',
      '11:15 loads[0].duration | duration: "10 sec" is not a duration',
      '13:5  | "rate" is given twice',
      '15:15 loads[1].protocol | k6 does not support grpc',
      '18:18 loads[2].connections | 10 requests (1/s for 10 s) are too few for 900 connections: fortio would use 5',
      '18:18 loads[2].connections | connections would be idle for 900 s between requests, and servers close them after 30 s',
      '19:26 simulation.effects.nobody | there is no arm "nobody"',
    ])
    for (const { remedy } of problems) expect(remedy).toMatch(/^[A-Z].*\.$/)
  })

  /** The problem is expected at the mark. */
  it.each([
    ['an unknown key', written({ top: '§prof: defaults' }), 'unknown key "prof"', '"profile"'],
    [
      'an unknown key of a load',
      written({ loads: '[{ rate: 9/s, connections: 1, §conn: 1 }]' }),
      'unknown key',
      'connections',
    ],
    [
      'a script of a tool that runs none',
      written({ loads: '[{ rate: 9/s, connections: 1, §script: mine.js }]' }),
      'fortio runs no scripts',
      'Write tool: k6.',
    ],
    ['a script of its own', written({ top: '§script: mine.js' }), 'unknown key "script"', 'a key of a load'],
    [
      'a shape without a script',
      written({ loads: '[{ tool: k6, §shape: own }]' }),
      'the load has none',
      'Add the key script',
    ],
    [
      'a rate beside a shape',
      written({ loads: '[{ tool: k6, script: mine.js, shape: own, rate: §9/s }]' }),
      'has no rate',
      'Remove rate',
    ],
    [
      'work of a service',
      written({ top: 'workload: { services: { a: { §work: 200us } } }', arms: '[none, linkerd]' }),
      'unknown key "work"',
      'fortio, which can wait (delay) and cannot compute',
    ],
    ['an application of its own', written({ top: '§manifests: mine/' }), 'unknown key "manifests"', 'key workload'],
    [
      'an application without a cluster',
      written({ top: '§workload: { manifests: mine/, entrance: { service: web, port: 80 } }' }),
      'there is no cluster',
      'Choose a platform',
    ],
    [
      'services that call each other in a circle',
      written({
        top: 'workload: { services: { a: { calls: [b] }, §b: { calls: [c] }, c: { calls: [b] } } }',
        arms: '[none, linkerd]',
      }),
      'in a circle: b → c → b',
      'Remove one of these calls',
    ],
    [
      'a service that is not there',
      written({ top: 'workload: { services: { §a: { calls: [b] } } }', arms: '[none, linkerd]' }),
      'a calls b, which is no service',
      'Add b to services',
    ],
    [
      'a load for a service that is not there',
      written({
        top: 'workload: { services: { cart: {} } }',
        arms: '[none, linkerd]',
        loads: '[{ rate: 100/s, service: §card }]',
      }),
      'the graph has no service card',
      '"cart"',
    ],
    [
      'a service without a graph',
      written({ arms: '[none, linkerd]', loads: '[{ rate: 100/s, §service: cart }]' }),
      'which the scenario lacks',
      'Remove it',
    ],
    [
      'services and manifests',
      written({
        top: 'workload: §{ services: { a: {} }, manifests: mine/, entrance: { service: web, port: 80 } }',
        arms: '[none, linkerd]',
      }),
      'has either manifests or services',
      'Keep one',
    ],
    [
      'manifests without an entrance',
      written({ top: 'workload: §{ manifests: mine/ }', arms: '[none, linkerd]' }),
      '"entrance" is missing',
      'Name the Service',
    ],
    [
      'an answer that an error could be taken for',
      written({ top: 'workload: { services: { a: { answer: §100B } } }', arms: '[none, linkerd]' }),
      '100B',
      '512',
    ],
    [
      'an application that is asked by gRPC',
      written({
        top: 'workload: { manifests: mine/, entrance: { service: web, port: 80 } }',
        arms: '[none, linkerd]',
        loads: '[{ rate: 100/s, protocol: §grpc }]',
      }),
      'not asked by grpc',
      'Use http',
    ],
    [
      'a status that fortio takes for an error',
      written({
        top: 'workload: { manifests: mine/, entrance: { service: web, port: 80, expectedStatus: 404 } }',
        arms: '[none, linkerd]',
        loads: '[{ rate: 100/s, tool: §fortio }]',
      }),
      'takes the status 404 for an error',
      'a tool that can be told: k6',
    ],
    [
      'replicas beside an application',
      written({
        top: 'workload: { manifests: mine/, entrance: { service: web, port: 80 } }',
        arms: '[none, { mesh: linkerd, §replicas: 3 }]',
      }),
      'replicas is of our own server',
      'stand in the manifests',
    ],
    [
      'an entrance without a port',
      written({ top: 'workload: { manifests: mine/, entrance: §{ service: web } }', arms: '[none, linkerd]' }),
      '"port" is missing',
      'port',
    ],
    [
      'a path without a slash',
      written({
        top: 'workload: { manifests: mine/, entrance: { service: web, port: 80, path: §orders } }',
        arms: '[none, linkerd]',
      }),
      'is not the path of a request',
      'Begin it with a slash',
    ],
    ['a cluster', written({ top: '§kubeconfig: mine' }), 'unknown key "kubeconfig"', 'cluster: { context'],
    ['another platform', written({ top: 'platform: §minikube' }), '"minikube" is not one', 'kind'],
    [
      'cohorts of a mesh that is there already',
      written({ top: 'platform: cluster\n§cohorts: 2\ncluster: { provision: existing }', arms: '[none, linkerd]' }),
      'are not provisioned anew: linkerd',
      'provision: install',
    ],
    [
      'a rate of nothing',
      written({ loads: '[{ rate: §0 }]' }),
      '0 has no unit',
      'such as 500/s; units: /s, /m, /h, k/s; or max',
    ],
    ['a missing key', 'name: x\narms: [none]\nloads:\n  - §tool: k6\n', '"rate" is missing', '500/s'],
    ['a missing key of the file', '§name: x\nloads: [{ rate: 99/s }]\n', '"arms" is missing', 'Add the key arms'],
    ['a key without value', written({ top: 'platform:§' }), 'platform has no value', 'remove the key'],
    ['a choice that there is not', written({ top: 'platform: §knd' }), '"knd"', 'Did you mean "kind"'],
    ['a number that is too small', written({ top: 'cohorts: §0' }), 'cohorts: 0 is less than 1', '1 or more'],
    ['a number that is too large', written({ top: 'blocks: §1001' }), 'more than 1000', '1000 at most'],
    ['a fraction', written({ top: 'seed: §1.5' }), '1.5 is not a whole number', 'whole number'],
    ['text for a number', written({ top: 'seed: §"1"' }), '"1" is not a number', 'without quotes'],
    ['a number for text', 'name: §007\narms: [none]\nloads: [{ rate: 99/s }]', 'name: 007 is not text', '"007"'],
    ['a map for a list', written({ loads: '§{ rate: 100/s }' }), 'a map of keys is not a list', '"- "'],
    ['an empty list', written({ arms: '§[]' }), 'the list is empty', 'at least one'],
    ['an arm that is none', written({ arms: '[none, §7]' }), '7 is not an arm', 'name of a mesh'],
    ['a version that is no release', written({ arms: '[{ mesh: none, version: §latest }]' }), '"latest"', '1.40.0'],
    [
      'too long a delay',
      written({ arms: '[{ mesh: none, inject: { delay: §2s } }]' }),
      'more than 1.5s',
      '1.5s or less',
    ],
    ['too short a duration', written({ loads: '[{ rate: 99/s, duration: §500ms }]' }), 'less than 1s', '1s or more'],
    [
      'a duration that is no number',
      written({ loads: '[{ rate: 99/s, duration: §.nan }]' }),
      '.nan is not a duration',
      '10s',
    ],
    ['a rate without end', written({ loads: '[{ rate: §-.inf }]' }), '-.inf is not a rate', '500/s'],
    ['a duration without unit', written({ loads: '[{ rate: 99/s, duration: §10 }]' }), '10 has no unit', '10s'],
    ['a rate in words', written({ loads: '[{ rate: §1000rps }]' }), '"1000rps" is not a rate', '1000/s'],
    ['a rate a minute', written({ loads: '[{ rate: §60/min }]' }), '"60/min" is not a rate', 'as 60/m;'],
    ['a rate in thousands', written({ loads: '[{ rate: §10k rps }]' }), '"10k rps" is not a rate', 'as 10k/s;'],
    ['minutes', written({ loads: '[{ rate: 9/s, duration: §2 min }]' }), '"2 min" is not a duration', 'as 2m;'],
    ['two units', written({ loads: '[{ rate: 9/s, duration: §1m 30s }]' }), '"1m 30s" is not a duration', 'as 1m30s;'],
    ['a unit that is none', written({ loads: '[{ rate: 9/s, duration: §1d }]' }), '"1d" is not a duration', 'as 10s;'],
    ['kilobytes', written({ loads: '[{ rate: 9/s, payload: §2k }]' }), '"2k" is not a size', 'as 2KB;'],
    ['a wrong rate in a list', written({ loads: '[{ rate: [99/s, §fast] }]' }), 'rate[1]: "fast"', '500/s'],
    ['a size in wrong letters', written({ loads: '[{ rate: 99/s, payload: §2 kib }]' }), '"2 kib"', '2KiB'],
    ['a part of a byte', written({ loads: '[{ rate: 99/s, payload: §0.5B }]' }), 'whole bytes', 'B'],
    ['too large a payload', written({ loads: '[{ rate: 99/s, payload: §17MiB }]' }), 'more than 16MiB', '16MiB'],
    ['a tag', written({ top: 'seed: §!big 1' }), 'the tag !big', 'Remove the tag'],
    ['a second document', `${written()}§---\nname: y\n`, 'more than one document', 'one scenario'],
    ['an alias without anchor', written({ top: 'seed: §*lost' }), '*lost refers to nothing', '&lost'],
    ['a tab', `${written()}blocks:\n§\t2\n`, 'not valid YAML', 'spaces'],
    ['an empty file', '§', 'the file is empty', 'example.yaml'],
    ['a file that is a list', '§- none\n', 'a scenario: a list is not a map of keys', 'keys'],
  ])('refuses %s', (_, marked, message, remedy) => {
    const [before = '', after = ''] = marked.split('§')
    const { problems } = parseScenario(before + after, 'x.yaml')
    const [first, ...more] = problems
    expect(more).toEqual([])
    const lines = before.split('\n')
    expect([first?.line, first?.column]).toEqual([lines.length, (lines.at(-1) ?? '').length + 1])
    expect(first?.message).toContain(message)
    expect(first?.remedy).toContain(remedy)
  })

  it('judges the rest of a file whose syntax is broken, without guessing what is missing', () => {
    const { problems } = parseScenario('name: x\nseed: no\narms: [none\nloads:\n  - rate: 5\n', 'x.yaml')
    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [2, 'seed'],
      [4, ''],
      [5, 'loads[0].rate'],
    ])
  })

  it('says a mistake once, however many loads it spoils', () => {
    const { problems } = parseScenario(
      written({ loads: '[{ tool: k6, protocol: tcp, rate: [50/s, 60/s, 70/s] }]' }),
      'x.yaml',
    )
    expect(problems).toHaveLength(1)
  })

  it('refuses aliases that multiply without end', () => {
    const levels = Array.from({ length: 8 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`)
    const { problems } = parseScenario(['a0: &a0 [x]', ...levels, ''].join('\n'), 'x.yaml')
    expect(problems.map(({ message }) => message).join()).toContain('alias')
  })

  /** The parser would take minutes or gigabytes for each. */
  it.each([
    [
      'brackets that are not closed',
      Array.from({ length: 30_000 }, (_, line) => `k${line}: [`).join('\n'),
      'more than 64 levels',
    ],
    ['lists in lists', '['.repeat(100_000), 'more than 64 levels'],
    ['keys of keys', '? '.repeat(100_000), 'more than 64 levels'],
    ['lists as keys', '[? '.repeat(200), 'more than 64 levels'],
    ['hyphens', '- '.repeat(100_000), 'more than 64 levels'],
    ['aliases', `a: &a 1\nb: [${'*a,'.repeat(501)}]`, 'more than 500 aliases'],
    ['equal keys', 'a: 1\n'.repeat(170_000), 'too much'],
    ['quotes', '"\n'.repeat(500_000), 'too much'],
    ['UTF-16', Buffer.from('\ufeffname: a\n', 'utf16le').toString('utf8'), 'not text in UTF-8'],
  ])('does not parse %s, and says so once', (_, text, message) => {
    const { problems } = parseScenario(text, 'x.yaml')
    expect(problems).toEqual([expect.objectContaining({ message: expect.stringContaining(message), path: '' })])
  })

  it('takes what only looks deep for what it is', () => {
    const text = `${written({})}description: "${'['.repeat(100)} - ? - ?"\n# ${'['.repeat(100)}\n`
    expect(parsed(text).description).toContain('[[[')
  })

  it('reads anchors and aliases', () => {
    const text = written({ loads: '[{ name: a, rate: &rate 100/s }, { name: b, rate: *rate, payload: 0B }]' })
    expect(parsed(text).loads.map(({ rate }) => rate)).toEqual([100, 100])
  })

  it('throws on nothing, whatever is written', () => {
    const keys = [
      'name',
      'arms',
      'loads',
      'simulation',
      'mesh',
      'rate',
      'tool',
      'values',
      'inject',
      '__proto__',
      'toString',
    ]
    const word = fc.oneof(
      fc.constantFrom(...keys, 'none', 'max', '10s', '5/s', 'constructor'),
      fc.string({ maxLength: 8 }),
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        word,
        fc.double(),
        fc.constantFrom(null, true),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(word, tie('tree'), { maxKeys: 5 }),
      ),
    }))
    const scraps = fc.array(
      fc.constantFrom(
        ...keys,
        ': ',
        '- ',
        '\n',
        '  ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '&a ',
        '*a',
        '"',
        '|',
        '!x ',
        '? ',
        '---\n',
        '#',
        '\t',
      ),
      { maxLength: 40 },
    )
    const texts = fc.oneof(
      tree.map((value) => stringify(value)),
      scraps.map((parts) => parts.join('')),
      fc.string(),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const { scenario, problems } = parseScenario(text, 'x.yaml')
        expect(scenario === undefined).toBe(problems.length > 0)
        for (const { line, column } of problems) expect(Math.min(line, column)).toBeGreaterThanOrEqual(1)
      }),
      { numRuns: 500 },
    )
  })
})

describe('shipped scenarios', () => {
  it.each(SHIPPED)('%s is right, and survives JSON', (name) => {
    const scenario = parsed(read(name))
    expect(`${scenario.name}.yaml`).toBe(name)
    expect(JSON.parse(JSON.stringify(scenario))).toStrictEqual(scenario)
    expect(read(name)).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n# .+/)
  })

  it('are those that the documentation names', () => {
    expect(SHIPPED.toSorted()).toEqual([
      'aa.yaml',
      'capacity-local.yaml',
      'capacity.yaml',
      'claims.yaml',
      'connections.yaml',
      'demo.yaml',
      'example.yaml',
      'feature-cost.yaml',
      'features.yaml',
      'growth.yaml',
      'lifecycle.yaml',
      'limits.yaml',
      'nightly.yaml',
      'payloads.yaml',
      'placement.yaml',
      'quick-local.yaml',
      'quick.yaml',
      'standard-local.yaml',
      'standard.yaml',
      'sweep.yaml',
    ])
  })
})

describe('the spread between runs', () => {
  const known = { deviation: 0.01, runs: 20 }
  const gate = (key: string) =>
    `gate: { defaults: { ${key}: { deviation: 1%, runs: 20 } }, assert: { '*/*/p50': [warn, { ${key}: { deviation: 2%, runs: 9 } }] } }`

  it.each(['runSpread', 'night'])('is read from %s, the key of today or of older files', (key) => {
    const limits = parsed(written({ top: gate(key) })).gate
    expect(limits?.defaults.night).toEqual(known)
    expect(limits?.assert['*/*/p50']).toEqual(['warn', { night: { deviation: 0.02, runs: 9 } }])
  })

  it('is that of runSpread where a file has both', () => {
    const both = 'gate: { defaults: { night: { deviation: 5%, runs: 3 }, runSpread: { deviation: 1%, runs: 20 } } }'
    expect(parsed(written({ top: both })).gate?.defaults.night).toEqual(known)
  })
})

describe('formatProblems', () => {
  const { problems } = parseScenario(written({ top: 'sed: 1\ncohorts: 0' }), 'my.yaml')

  it('gives place, message and remedy', () => {
    expect(formatProblems(problems)).toBe(
      [
        'my.yaml:2:1: unknown key "sed"',
        '  Did you mean "seed"? Use one of: name, description, platform, profile, isolation, cluster, entrance, seed, cohorts, blocks, idle, minEffect, arms, generators, loads, workload, simulation, gate, claims.',
        'my.yaml:3:10: cohorts: 0 is less than 1',
        '  Write 1 or more.',
      ].join('\n'),
    )
  })

  it('becomes a failure that ends the program as a usage error', () => {
    const failure = scenarioFailure(problems)
    expect(failure.toData()).toMatchObject({
      code: 'scenario',
      message: 'my.yaml has 2 problems',
      cause: formatProblems(problems),
    })
    expect(failure.exitCode).toBe(2)
  })
})
