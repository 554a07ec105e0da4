import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import { Precache } from '../../worker/precache.ts'
import { MemoryCaches } from './caches.ts'

type Files = Readonly<Record<string, string>>

const N: Files = { '/index.html': 'page N', '/assets/app-1.js': 'script 1', '/icon.svg': 'ring' }
const NEXT: Files = { '/index.html': 'page N+1', '/assets/app-2.js': 'script 2', '/icon.svg': 'ring' }

/** A server that holds some build; its answers are checked against the integrity, as fetch does. */
class Server {
  holds: Files = {}
  asked: string[] = []

  readonly fetch = async (path: string, how: RequestInit): Promise<Response> => {
    this.asked.push(path)
    const body = this.holds[path]
    if (body === undefined) return new Response('not here', { status: 404 })
    if (how.integrity && how.integrity !== integrity(body)) throw new TypeError('integrity')
    return new Response(body)
  }
}

function integrity(body: string): string {
  return `sha256-${createHash('sha256').update(body).digest('base64')}`
}

describe('the files of a build', () => {
  let caches: MemoryCaches
  let server: Server

  /** The worker of a build. */
  function workerOf(version: string, files: Files): Precache {
    const sums = Object.entries(files).map(([path, body]) => [path, integrity(body)] as const)
    const build = { version, files: Object.fromEntries(sums) }
    return new Precache(caches.asBrowsers(), server.fetch, build)
  }

  async function textOf(answer: Promise<Response | undefined>): Promise<string | undefined> {
    return (await answer)?.text()
  }

  beforeEach(() => {
    caches = new MemoryCaches()
    server = new Server()
    server.holds = N
  })

  test('are all there after the worker was installed, and none is asked for twice', async () => {
    const worker = workerOf('N', N)
    await worker.fill()
    await worker.fill()
    assert.deepEqual(server.asked.toSorted(), Object.keys(N).toSorted())
    server.holds = {}
    assert.equal(await textOf(worker.shell()), 'page N')
    assert.equal(await textOf(worker.file('/assets/app-1.js')), 'script 1')
  })

  for (const [what, holds] of [
    ['is missing', { ...NEXT, '/assets/app-2.js': undefined }],
    ['is of another build', { ...NEXT, '/index.html': 'page N+2' }],
    ['is what a captive portal says', { ...NEXT, '/assets/app-2.js': '<html>Please sign in' }],
  ] as const) {
    test(`leave nothing behind when one ${what}, and the old ones stay`, async () => {
      const old = workerOf('N', N)
      await old.fill()
      server.holds = holds as Files
      await assert.rejects(workerOf('N+1', NEXT).fill())
      assert.equal(caches.all.size, 1)
      assert.equal(await textOf(old.shell()), 'page N')
    })
  }

  test('are taken over from the build before where they have not changed', async () => {
    await workerOf('N', N).fill()
    server.asked = []
    server.holds = { ...N, '/index.html': 'page N+1' }
    await workerOf('N+1', server.holds).fill()
    assert.deepEqual(server.asked.toSorted(), ['/icon.svg', '/index.html'])
  })

  test('stay for a tab that still runs the build before, and no longer', async () => {
    for (const [version, files] of [['N', N], ['N+1', NEXT], ['N+2', N]] as const) {
      server.holds = files
      const worker = workerOf(version, files)
      await worker.fill()
      await worker.dropOlder()
    }
    assert.deepEqual([...caches.all.keys()], ['enid-app-N+1', 'enid-app-N+2'])
    assert.equal(await textOf(workerOf('N+2', N).file('/assets/app-2.js')), 'script 2')
  })

  test('of a build that was only half taken in are dropped', async () => {
    await (await caches.open('enid-app-half')).put('/index.html', new Response('half'))
    await caches.open('somebody else')
    const worker = workerOf('N', N)
    await worker.fill()
    await worker.dropOlder()
    assert.deepEqual([...caches.all.keys()], ['somebody else', 'enid-app-N'])
  })

  test('that are nowhere are 404, never the page', async () => {
    const worker = workerOf('N', N)
    await worker.fill()
    assert.ok(worker.has('/assets/app-9.js'))
    assert.ok(!worker.has('/v1/sync') && !worker.has('/demo/people.json'))
    assert.equal((await worker.file('/assets/app-9.js')).status, 404)
    const offline = new Precache(
      caches.asBrowsers(),
      () => Promise.reject(new TypeError('offline')),
      { version: 'N', files: {} },
    )
    assert.equal((await offline.file('/assets/app-9.js')).status, 404)
  })

  test('that the browser has thrown away are fetched anew', async () => {
    const worker = workerOf('N', N)
    assert.equal(await worker.shell(), undefined)
    await worker.fill()
    assert.equal(await textOf(worker.shell()), 'page N')
  })
})
