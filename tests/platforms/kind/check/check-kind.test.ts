import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Failure } from '../../../../src/model/failure.ts'
import { makePlan } from '../../../../src/plan/make-plan.ts'
import { imagesOf } from '../../../../src/platforms/in-cluster/arm-mesh.ts'
import { checkKind, reviewKind } from '../../../../src/platforms/kind/check/check-kind.ts'
import { kubernetesOf } from '../../../../src/platforms/kind/check/daemon.ts'
import { isBuiltIn, type Readers } from '../../../../src/platforms/kind/check/readers.ts'
import { examineArms } from '../../../../src/platforms/kind/check/remote-check.ts'
import type { DockerInfo } from '../../../../src/platforms/kind/docker.ts'
import { PUBLIC_SITE } from '../../../../src/site/read-site.ts'
import { parsed, written } from '../../../scenario/written.ts'
import { type Machine, machine } from './machine.ts'

const plan = (top = 'isolation: frozen', arms = '[none, istio-sidecar]') => makePlan(parsed(written({ top, arms })))
const check = (about: Machine, of = plan()) => checkKind(of, PUBLIC_SITE, machine(about).readers)

/** Everything that is not well. */
const wrong = async (about: Machine, of = plan()) =>
  (await check(about, of)).filter(({ severity }) => severity !== 'ok')

describe('checkKind', () => {
  it('finds a good machine well, point by point', async () => {
    expect((await check({})).map(({ severity, message }) => `${severity}: ${message}`)).toMatchInlineSnapshot(`
      [
        "ok: Docker 20.10.24+dfsg1 on Debian GNU/Linux 12 (bookworm)",
        "ok: cgroup v2",
        "ok: 20 GiB of memory, for 3.05 GiB of 2 arms that stand at once",
        "ok: 8 cores: 2 for the control planes, 3 for the load generator with the proxy beside it, 3 for the server with its own",
        "ok: 186 GiB of disk at /var/lib/docker, for 12.1 GiB",
        "ok: inotify: 1048576 watches, 8192 instances",
        "ok: kernel modules for the interception of traffic",
        "ok: ports 32768 to 60999 for the API servers",
        "ok: 5 images, all here",
        "ok: 186 GiB of disk at /tmp for archives of images",
        "ok: 2 places of charts and manifests",
        "ok: the charts of 1 arm make what is waited for and what is brought into the nodes",
        "ok: clocks agree",
        "ok: nothing is left of earlier runs",
      ]
    `)
  })

  it('asks no further where Docker does not answer', async () => {
    const dockerDown = new Failure('docker-unreachable', 'the Docker daemon does not answer', {
      cause: 'x',
      remedy: 'y',
    })
    expect(await check({ dockerDown })).toEqual([
      { severity: 'error', message: 'the Docker daemon does not answer', cause: 'x', remedy: 'y' },
    ])
  })

  it.each<[string, Machine, 'warning' | 'error', string, string]>([
    [
      'cgroup v1 with Kubernetes 1.35',
      { info: { cgroupVersion: 1 } },
      'error',
      'Kubernetes 1.35',
      'kindest/node:v1.34.0',
    ],
    [
      'no root and cgroup v1',
      { info: { cgroupVersion: 1, rootless: true } },
      'error',
      'without root',
      'docker context',
    ],
    ['an old Docker', { info: { version: '19.03.1' } }, 'warning', 'Docker 19.03.1 is old', 'newer'],
    ['two cores', { info: { cores: 2 } }, 'warning', '2 cores', 'at least 4'],
    [
      'memory for one arm only',
      { files: { '/proc/meminfo': 'MemAvailable: 2516582 kB\n' } },
      'error',
      '2.4 GiB of memory, and 2 arms that stand at once need',
      '--isolation sequential',
    ],
    ['memory for none', { files: { '/proc/meminfo': 'MemAvailable: 1024 kB\n' } }, 'error', '1 MiB of memory', 'Stop'],
    [
      'a full disk',
      { readers: { free: async () => 2e9 } },
      'error',
      'of disk at /var/lib/docker',
      'docker image prune',
    ],
    ['a disk that may suffice', { readers: { free: async () => 10e9 } }, 'warning', '6 nodes may need', 'prune'],
    [
      'too few inotify instances',
      { files: { '/proc/sys/fs/inotify/max_user_instances': '128' } },
      'error',
      '128 instances: too few',
      'sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512',
    ],
    [
      'fewer inotify watches than advised',
      { files: { '/proc/sys/fs/inotify/max_user_watches': '65536' } },
      'warning',
      '65536 watches',
      'max_user_watches=524288',
    ],
    [
      'modules that cannot be loaded',
      { readers: { missingModules: async () => ({ missing: ['xt_owner', 'xt_mark'], kernel: '6.8.0-60-generic' }) } },
      'warning',
      'xt_owner, xt_mark',
      'sudo modprobe --all xt_owner xt_mark',
    ],
    [
      'ports among those of services',
      { files: { '/proc/sys/net/ipv4/ip_local_port_range': '80 60999' } },
      'warning',
      'from 80 to 60999',
      'sudo sysctl',
    ],
    [
      'few ports',
      { files: { '/proc/sys/net/ipv4/ip_local_port_range': '60000\t60100' } },
      'warning',
      'from 60000 to 60100',
      'sudo sysctl',
    ],
    ['a clock that is off', { info: { time: 940 } }, 'warning', '60 s off', 'set-ntp'],
    [
      'a clock left to itself',
      { readers: { clockIsSynchronised: async () => false } },
      'warning',
      'no time server',
      'ntp',
    ],
    [
      'clusters of a dead run',
      {
        readers: {
          leftovers: async () => [{ run: 'r', what: 'cluster meshbench-x', alive: false, remove: async () => {} }],
        },
      },
      'warning',
      'cluster meshbench-x',
      'meshbench clean',
    ],
    [
      'a cluster that may be anybody’s',
      {
        readers: {
          leftovers: async () => [
            { what: 'cluster meshbench-x', alive: false, spared: 'unrecorded', remove: async () => {} },
          ],
        },
      },
      'warning',
      'named like ours: cluster meshbench-x',
      'clean --all',
    ],
    [
      'no room for archives of images',
      { readers: { free: async (dir) => (dir === '/tmp' ? 1 : 200e9) } },
      'error',
      '1 B of disk at /tmp',
      'TMPDIR',
    ],
    [
      'a chart that cannot be had',
      {
        readers: {
          examine: async () => {
            throw new Failure('helm', 'charts could not be rendered within 300 s', {
              cause: 'x',
              remedy: 'a site file',
            })
          },
        },
      },
      'error',
      'charts could not be rendered',
      'site file',
    ],
    [
      'four cores',
      { info: { cores: 4 } },
      'warning',
      '2 for the load generator with the proxy beside it, 1 for the server',
      '5 cores',
    ],
    [
      'an image that cannot be had',
      { here: (image) => !image.includes('k6') && !image.includes('pilot'), refused: () => 'no such host' },
      'error',
      'neither here nor to be pulled: docker.io/istio/pilot',
      'docker pull docker.io/istio/pilot',
    ],
  ])('finds %s', async (_, about, severity, message, remedy) => {
    const found = await wrong(about)
    expect(found).toEqual([
      {
        severity,
        message: expect.stringContaining(message),
        cause: expect.any(String),
        remedy: expect.stringContaining(remedy),
      },
    ])
  })

  it('says once why several images of one registry cannot be had', async () => {
    const found = await wrong({ here: (image) => !image.includes('istio'), refused: () => 'no such host' })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ message: expect.stringMatching(/pilot.*proxyv2/), cause: 'no such host' })
  })

  describe('asks registries', () => {
    const absent = plan('isolation: frozen', '[none, istio-sidecar, linkerd]')
    const all = [...imagesOf(absent.scenario, PUBLIC_SITE)]
    const ofHub = all.filter((name) => !name.startsWith('cr.l5d.io'))

    it('no more once one has said that there were too many questions, and names all that it concerns', async () => {
      const limit = 'toomanyrequests: You have reached your unauthenticated pull rate limit.'
      const { readers, asked } = machine({
        here: () => false,
        refused: (image) => (image.startsWith('cr.l5d.io') ? undefined : limit),
      })
      const found = (await checkKind(absent, PUBLIC_SITE, readers)).filter(({ severity }) => severity !== 'ok')
      expect(found).toEqual([
        {
          severity: 'error',
          message: `images are neither here nor to be pulled: ${ofHub.join(', ')}`,
          cause: limit,
          remedy: expect.stringMatching(/`docker login` raises.*wait.*mirror/),
        },
      ])
      expect(asked.filter((name) => !name.startsWith('cr.l5d.io'))).toHaveLength(1)
      expect(asked.filter((name) => name.startsWith('cr.l5d.io'))).toHaveLength(2)
    })

    it('each for every image, where the reason is the image’s own', async () => {
      const refused = (image: string) => (image.includes('pilot') ? 'no such manifest: pilot' : undefined)
      const { readers, asked } = machine({ here: () => false, refused })
      const found = (await checkKind(absent, PUBLIC_SITE, readers)).filter(({ severity }) => severity !== 'ok')
      expect(found).toMatchObject([{ severity: 'error', message: expect.stringMatching(/^an image is .*pilot/) }])
      expect(asked.toSorted()).toEqual(all.toSorted())
    })

    it.each<[string, Partial<DockerInfo>, RegExp]>([
      ['mirror', { mirrors: ['https://mirror.corp.example/'] }, /by its mirror https:\/\/mirror.corp.example\//],
      [
        'proxy',
        { proxies: { HTTP_PROXY: '', HTTPS_PROXY: 'http://me:secret@proxy.corp.example:3128', NO_PROXY: '' } },
        /by its proxy http:\/\/proxy.corp.example:3128$/,
      ],
    ])('but does not believe them where the daemon has a %s of its own', async (_, info, message) => {
      const about: Machine = {
        info,
        here: (image) => !ofHub.includes(image),
        refused: () => 'dial tcp: lookup registry-1.docker.io: no such host',
      }
      expect(await wrong(about, absent)).toEqual([
        {
          severity: 'warning',
          message: expect.stringMatching(message),
          cause: expect.stringContaining('no such host'),
          remedy: expect.any(String),
        },
      ])
      const proxies = { HTTP_PROXY: '', HTTPS_PROXY: 'http://proxy.corp.example:3128', NO_PROXY: 'docker.io' }
      expect(await wrong({ ...about, info: { proxies } }, absent)).toMatchObject([{ severity: 'error' }])
    })

    it('for images of the daemon’s processor', async () => {
      const about: Machine = { info: { architecture: 'arm64' }, here: () => false, platforms: ['linux/amd64'] }
      expect(await wrong(about)).toMatchObject([
        { severity: 'error', cause: 'there is none for linux/arm64, only for linux/amd64' },
      ])
    })
  })

  it('names images that are here for another processor', async () => {
    const about: Machine = {
      info: { architecture: 'arm64' },
      architectureOf: (image) => (image.includes('istio') ? 'amd64' : 'arm64'),
    }
    expect(await wrong(about)).toEqual([
      {
        severity: 'error',
        message: expect.stringMatching(
          /arm64: docker.io\/istio\/pilot\S+ \(amd64\), docker.io\/istio\/proxyv2\S+ \(amd64\)$/,
        ),
        cause: expect.stringContaining('exec format error'),
        remedy: expect.stringContaining('docker pull --platform linux/arm64 docker.io/istio/pilot'),
      },
    ])
  })

  it.each<[string, string, string]>([
    ['ssh://me:secret@far.example', 'DOCKER_HOST', 'DOCKER_HOST is ssh://me@far.example'],
    ['tcp://docker:2375', 'DOCKER_HOST', 'DOCKER_HOST is tcp://docker:2375'],
    ['ssh://far.example', 'the docker context remote', 'the docker context remote is ssh://far.example'],
  ])('does not ask a daemon elsewhere: %s', async (host, named, message) => {
    const dockerDown = new Failure('docker-unreachable', 'was asked')
    expect(await check({ endpoint: { host, named }, dockerDown })).toEqual([
      {
        severity: 'error',
        message: `the Docker daemon is not on this machine: ${message}`,
        cause: expect.stringContaining('loopback'),
        remedy: expect.stringContaining(named === 'DOCKER_HOST' ? 'unset DOCKER_HOST' : 'docker context use default'),
      },
    ])
  })

  it.each(['unix:///run/docker.sock', 'tcp://127.0.0.1:2375', 'tcp://localhost:2375', 'npipe:////./pipe/docker'])(
    'takes a daemon at %s for one of this machine',
    async (host) => expect(await wrong({ endpoint: { host, named: 'DOCKER_HOST' } })).toEqual([]),
  )

  it('speaks of Windows where the kernel is that of WSL', async () => {
    const kernel = '5.15.167.4-microsoft-standard-WSL2'
    const found = await wrong({
      info: { kernel, cgroupVersion: 1, time: 940 },
      files: { '/proc/meminfo': 'MemAvailable: 1024 kB\n' },
      readers: { missingModules: async () => ({ missing: ['xt_owner'], kernel }) },
    })
    expect(found.map(({ remedy }) => remedy)).toEqual([
      expect.stringContaining('.wslconfig'),
      expect.stringContaining('.wslconfig'),
      expect.stringContaining('wsl --update'),
      expect.stringContaining('wsl --shutdown'),
    ])
    expect(found.map(({ remedy }) => remedy).join()).not.toMatch(/apt install|linux-modules|Docker Desktop/)
  })

  it('passes over clusters that somebody uses', async () => {
    const alive = { run: 'r', what: 'cluster meshbench-x', alive: true, remove: async () => {} }
    expect(await wrong({ readers: { leftovers: async () => [alive] } })).toEqual([])
  })

  it('tells kept clusters and their memory', async () => {
    const kept = {
      run: 'r',
      what: 'cluster meshbench-x',
      alive: false,
      spared: 'kept',
      remove: async () => {},
    } as const
    const found = await check({
      readers: { leftovers: async () => [kept, kept], keptMemory: async () => 2 * 1024 ** 3 },
    })
    expect(found.at(-1)).toMatchObject({
      severity: 'ok',
      message: expect.stringContaining('2 kept clusters, 2 GiB of memory'),
    })
  })

  it('looks for the definitions of the Gateway API and for charts where the site has them', async () => {
    const site = { ...PUBLIC_SITE, vendors: { istio: { charts: { istiod: '/charts/istiod' } } } }
    const { readers } = machine({
      readers: { exists: async () => false, addressTrouble: async () => 'the answer is 404' },
    })
    const found = await checkKind(
      plan('isolation: frozen', '[none, istio-sidecar, istio-ambient-waypoint]'),
      site,
      readers,
    )
    expect(found.filter(({ severity }) => severity === 'error')).toMatchObject([
      { message: 'the chart /charts/istiod is not available', cause: 'there is nothing at that path' },
      { message: `what is at ${PUBLIC_SITE.gatewayApi.manifests} is not available`, cause: 'the answer is 404' },
    ])
  })

  it('finds what the charts of arms lack, and says where nobody could look', async () => {
    const lacking = { severity: 'error', message: 'arm x waits for Deployment y' } as const
    expect(await wrong({ readers: { examine: async () => [lacking] } })).toEqual([lacking])
    const unseen = await check({ readers: { examine: async () => undefined } })
    expect(unseen.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('helm is not on this machine. A run fetches it'),
    )
  })

  it('passes on that a helm which somebody has configured cannot be used', async () => {
    vi.stubEnv('MESHBENCH_HELM', '/nowhere/helm')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await wrong({ readers: { examine: examineArms } })).toMatchObject([
      { severity: 'error', message: expect.stringContaining('MESHBENCH_HELM names /nowhere/helm') },
    ])
  })

  it('reviews a plan without Docker: charts that are here, and arms that cannot be', async () => {
    const asked: boolean[] = []
    const examine: Readers['examine'] = async ({ onlyLocal = false }) => {
      asked.push(onlyLocal)
      return undefined
    }
    expect(await reviewKind(plan(), PUBLIC_SITE, { examine })).toMatchObject([
      { severity: 'ok', message: expect.stringContaining('`meshbench doctor` checks them') },
    ])
    expect(asked).toEqual([true])
    const { scenario } = plan()
    const odd = { ...scenario, arms: [...scenario.arms, { name: 'odd', mesh: 'istio-sidecar', version: 'v1.2.3' }] }
    expect(await reviewKind({ ...plan(), scenario: odd }, PUBLIC_SITE, { examine })).toMatchObject([
      { severity: 'error', message: 'arm odd: v1.2.3: releases of Istio have no "v" before them' },
      { severity: 'ok' },
    ])
    expect(await reviewKind(plan('isolation: frozen', '[none]'), PUBLIC_SITE, { examine })).toEqual([])
  })

  it('needs less where arms stand one at a time, and no modules without a mesh', async () => {
    const little: Machine = {
      files: { '/proc/meminfo': 'MemAvailable: 2516582 kB\n' },
      readers: {
        free: async () => 10e9,
        missingModules: async () => ({ missing: ['xt_owner'], kernel: '6.8.0-60-generic' }),
      },
    }
    expect(await wrong(little, plan('isolation: sequential', '[none, { name: none-2, mesh: none }]'))).toEqual([])
  })

  it('refuses arms that are to share a cluster and cannot', async () => {
    const examine: Readers['examine'] = async () => []
    const two = '[istio-sidecar, { name: next, mesh: istio-sidecar, version: "1.30.0" }]'
    const found = await reviewKind(plan('isolation: shared', two), PUBLIC_SITE, { examine })
    expect(found).toMatchObject([
      { severity: 'error', message: expect.stringContaining('cannot stand in one cluster') },
      { severity: 'ok' },
    ])
    const alike = await reviewKind(plan('isolation: frozen', two), PUBLIC_SITE, { examine })
    expect(alike.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('does not judge a virtual machine by the kernel of its host', async () => {
    const about: Machine = {
      info: { memory: 24e9 },
      files: { '/proc/meminfo': 'MemAvailable: 1024 kB\n', '/proc/sys/fs/inotify/max_user_instances': '1' },
      readers: { kernel: 'another', free: async (dir) => (dir === '/tmp' ? 1e9 : 0) },
    }
    expect(await wrong(about)).toEqual([])
    expect((await wrong({ ...about, info: { memory: 1e9 } })).map(({ severity }) => severity)).toEqual(['error'])
  })

  it('says what of an arm cannot be installed, and looks at the images of the others', async () => {
    const { scenario } = plan()
    const arms = [...scenario.arms, { name: 'local', mesh: 'envoy-node' }]
    const found = await wrong({ here: () => false, refused: () => 'x' }, { ...plan(), scenario: { ...scenario, arms } })
    expect(found.map(({ message }) => message)).toEqual([
      expect.stringContaining('arm local'),
      expect.stringContaining('fortio/fortio'),
    ])
  })
})

it.each([
  ['nf_tables', true],
  ['nft_compat', false],
  ['xt_owner', true],
  ['xt_REDIRECT', true],
  ['xt_mark', true],
  ['xt_multiport', false],
])('isBuiltIn %s: %s', (module, expected) => {
  const config = [
    'CONFIG_NF_TABLES=y',
    'CONFIG_NFT_COMPAT=m',
    'CONFIG_NFT_COMPAT_ARP=y',
    'CONFIG_NETFILTER_XT_MATCH_OWNER=y',
    'CONFIG_NETFILTER_XT_TARGET_REDIRECT=y',
    'CONFIG_NETFILTER_XT_MARK=y',
    '# CONFIG_NETFILTER_XT_MATCH_MULTIPORT is not set',
    '',
  ].join('\n')
  expect(isBuiltIn(module, config)).toBe(expected)
})

it.each([
  ['kindest/node:v1.35.8@sha256:00', [1, 35]],
  ['lab/node:v1.34.4', [1, 34]],
  ['mirror.example.com:5000/node:1.33', [1, 33]],
  ['kindest/node@sha256:00', undefined],
  ['kindest/node:latest', undefined],
])('kubernetesOf %s', (image, version) => {
  expect(kubernetesOf(image)).toEqual(version)
})
