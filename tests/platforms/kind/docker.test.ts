import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { docker } from '../../../src/platforms/kind/docker.ts'
import {
  containersFrom,
  imagesFrom,
  infoFrom,
  namesFrom,
  platformsFrom,
} from '../../../src/platforms/kind/docker-answers.ts'
import { stubDocker } from './stub-docker.ts'

const captured = (name: string) => readFileSync(`tests/captured/docker/${name}`, 'utf8')

describe('answers of docker', () => {
  it('describe the daemon', () => {
    expect(infoFrom(captured('info.json'))).toEqual({
      version: '20.10.24+dfsg1',
      cgroupVersion: 1,
      cores: 2,
      memory: 25276514304,
      rootDir: '/var/lib/docker',
      rootless: false,
      operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
      kernel: '6.18.44-fc-v595',
      time: Date.parse(JSON.parse(captured('info.json')).SystemTime) / 1000,
      architecture: 'amd64',
      mirrors: [],
      insecure: [],
      proxies: { HTTP_PROXY: '', HTTPS_PROXY: '', NO_PROXY: '' },
    })
  })

  it('tell a daemon without root', () => {
    const info = { ...JSON.parse(captured('info.json')), SecurityOptions: ['name=rootless'], CgroupVersion: '2' }
    expect(infoFrom(JSON.stringify(info))).toMatchObject({ rootless: true, cgroupVersion: 2 })
  })

  it('tell the ways that a daemon has of its own', () => {
    const info = {
      ...JSON.parse(captured('info.json')),
      Architecture: 'aarch64',
      HttpsProxy: 'http://proxy.corp.example:3128',
      NoProxy: '.corp.example',
      RegistryConfig: {
        Mirrors: ['https://mirror.corp.example/'],
        IndexConfigs: { 'docker.io': { Secure: true }, 'registry.corp.example:5000': { Secure: false } },
      },
    }
    expect(infoFrom(JSON.stringify(info))).toMatchObject({
      architecture: 'arm64',
      mirrors: ['https://mirror.corp.example/'],
      insecure: ['registry.corp.example:5000'],
      proxies: { HTTPS_PROXY: 'http://proxy.corp.example:3128', NO_PROXY: '.corp.example' },
    })
  })

  it('tell podman, by its own words and by Docker’s', () => {
    const own = { host: { arch: 'amd64', buildahVersion: '1.41.5' }, version: { Version: '5.6.2' } }
    expect(() => infoFrom(JSON.stringify(own))).toThrow('is podman 5.6.2, not Docker')
    const docker = JSON.parse(captured('info.json'))
    const bySocket = { ...docker, ServerVersion: '5.6.2', DockerRootDir: '/home/dev/.local/share/containers/storage' }
    expect(() => infoFrom(JSON.stringify(bySocket))).toThrow('is podman 5.6.2, not Docker')
  })

  it('tell the platforms of an image, where the registry names any', () => {
    const manifests = ['amd64', 'arm64', 'unknown'].map((architecture) => ({ platform: { os: 'linux', architecture } }))
    expect(platformsFrom(JSON.stringify({ manifests }))).toEqual(['linux/amd64', 'linux/arm64'])
    expect(platformsFrom('{"schemaVersion":2,"layers":[]}')).toEqual([])
  })

  it('describe an image that was loaded, not pulled', () => {
    const [image] = imagesFrom(captured('image.json'))
    expect(image).toMatchObject({ digests: [], size: 1982312, labels: {} })
    expect(image?.id).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it("describe a node's container", () => {
    const [container] = containersFrom(captured('container.json'))
    expect(container).toMatchObject({ image: 'lab/node:v1.34.4', networks: ['kind'] })
    expect(container?.name).toMatch(/^dev-/)
    expect(container?.labels['io.x-k8s.kind.cluster']).toMatch(/^dev-/)
    expect(container?.volumes).toHaveLength(1)
  })

  it('list names', () => {
    expect(namesFrom('bridge\nkind\n')).toEqual(['bridge', 'kind'])
    expect(namesFrom('')).toEqual([])
  })

  it('that are none are a failure which says so', () => {
    expect(() => infoFrom('{"ServerVersion":""}')).toThrow('docker info gave an answer that is not understood')
    expect(() => imagesFrom('Usage: …')).toThrow('not understood')
  })
})

describe('docker', () => {
  it('says that the command is missing', async () => {
    await expect(docker({ env: { PATH: '/nowhere' } }).info()).rejects.toMatchObject({
      code: 'docker-missing',
      remedy: expect.stringContaining('Install'),
    })
  })

  it.each([
    [
      'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?',
      'docker-unreachable',
      'does not answer',
    ],
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
      'docker-unreachable',
      'may not use',
    ],
    ['Error response from daemon: No such container: x', 'docker', 'docker pause failed'],
  ])('passes on in one line: %s', async (said, code, message) => {
    const { env } = stubDocker(`echo >&2 "${said}"; exit 1`)
    await expect(docker({ env }).pause(['x'])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      why: said.replace('Error response from daemon: ', ''),
    })
  })

  it('tells another engine by its version where its answer is not Docker’s', async () => {
    const { env } = stubDocker(
      `case "$1" in info) echo '{"ServerVersion":"v2.1.0","NCPU":8}';; --version) echo "nerdctl version 2.1.0";; esac`,
    )
    await expect(docker({ env }).info()).rejects.toMatchObject({
      code: 'docker-missing',
      message: 'the docker command here is nerdctl 2.1.0, not Docker',
    })
  })

  it.each([0, 1])('finds the reason within an answer of docker info, with exit code %i', async (code) => {
    const refused = 'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?'
    const { env } = stubDocker(`echo '${JSON.stringify({ ServerErrors: [refused] })}'; exit ${code}`)
    await expect(docker({ env }).info()).rejects.toMatchObject({ code: 'docker-unreachable', why: refused })
  })

  it('knows where the daemon is without asking it', async () => {
    const { env, calls } = stubDocker('[ "$1" = context ] && echo "remote ssh://me@far.example"')
    expect(await docker({ env }).endpoint()).toEqual({
      host: 'ssh://me@far.example',
      named: 'the docker context remote',
    })
    const named = { ...env, DOCKER_HOST: 'tcp://far.example:2375' }
    expect(await docker({ env: named }).endpoint()).toEqual({ host: 'tcp://far.example:2375', named: 'DOCKER_HOST' })
    expect(calls()).toHaveLength(1)
    expect(await docker({ env: stubDocker('exit 1').env }).endpoint()).toBeUndefined()
  })

  it('takes no platform from the environment: all images are of the daemon’s own', async () => {
    const { env } = stubDocker('echo "[$DOCKER_DEFAULT_PLATFORM]$DOCKER_CONFIG"')
    const given = { ...env, DOCKER_DEFAULT_PLATFORM: 'linux/arm64', DOCKER_CONFIG: '/mine' }
    expect(await docker({ env: given }).exec('node', ['x'])).toBe('[]/mine')
  })

  it('knows absence from failure', async () => {
    const { env } = stubDocker('echo "[]"; echo >&2 "Error response from daemon: No such image: x"; exit 1')
    expect(await docker({ env }).image('x')).toBeUndefined()
    expect(await docker({ env }).inspect(['x'])).toEqual([])
  })

  it('asks for each label, and looks at what it finds', async () => {
    const { env, calls } = stubDocker(
      `case "$1" in ps) echo abc;; container) cat ${process.cwd()}/tests/captured/docker/container.json;; esac`,
    )
    expect(await docker({ env }).containers(['a', 'b=c'])).toHaveLength(1)
    expect(calls()).toEqual([
      'ps --all --quiet --no-trunc --filter label=a --filter label=b=c',
      'container inspect abc',
    ])
  })

  it('calls nothing for no names', async () => {
    const { env, calls } = stubDocker('exit 1')
    const none = docker({ env })
    await Promise.all([none.pause([]), none.unpause([]), none.remove([]), none.removeVolumes([]), none.inspect([])])
    expect(calls()).toEqual([])
  })

  it('gives the output of a program, and gives it its input', async () => {
    const { env, calls } = stubDocker('cat')
    expect(await docker({ env }).exec('node', ['sh', '-c', 'cat'], { input: 'text' })).toBe('text')
    expect(calls()).toEqual(['exec --interactive node sh -c cat'])
  })

  it('has limits of time', async () => {
    const { env } = stubDocker('exec sleep 60')
    await expect(docker({ env }).offered('x', 0.1)).rejects.toMatchObject({ why: 'no answer within 0.1 s' })
  })

  it('ends a call with the reason of the signal', async () => {
    const { env } = stubDocker('exec sleep 60')
    const stop = new AbortController()
    const pulling = docker({ env, signal: stop.signal }).pull('x')
    const reason = new Error('stopped')
    stop.abort(reason)
    await expect(pulling).rejects.toBe(reason)
  })
})
