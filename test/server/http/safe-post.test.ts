/**
 * Outgoing requests reach no private address, however it is spelled or resolved. The listener is our own, on loopback.
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { isPrivate } from '../../../server/http/addresses.ts'
import { checkUrl, safePost } from '../../../server/http/safe-post.ts'

let listener: http.Server
let port = 0
let reached = 0
beforeAll(async () => {
  listener = http.createServer((request, response) => {
    reached++
    if (request.url === '/redirect') return void response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` }).end()
    if (request.url === '/large') return void response.end('x'.repeat(1_000_000))
    if (request.url === '/slow') return
    response.end('ok')
  })
  listener.listen(port, '0.0.0.0')
  await once(listener, 'listening')
  port = (listener.address() as AddressInfo).port
})
afterAll(() => {
  listener.closeAllConnections()
  listener.close()
})
beforeEach(() => {
  reached = 0
})
const to = (address: string) => async () => [{ address, family: address.includes(':') ? 6 : 4 }]

describe('a webhook cannot reach this machine or the network behind it', () => {
  it.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://0',
    'http://0.0.0.0',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:7f00:1]',
    'http://[::127.0.0.1]',
    'http://[64:ff9b::7f00:1]',
    'http://localhost',
    'http://LOCALHOST.',
    'http://a.localhost',
    'http://169.254.169.254',
    'http://10.0.0.1',
    'http://192.168.1.1',
    'http://[fe80::1]',
    'http://[fd00::1]',
    'http://①②⑦.0.0.1',
  ])('%s (TMURL)', async (base) => {
    const url = new URL(base)
    url.port = String(port)

    await expect(safePost(url.href, {}, '{}')).rejects.toMatchObject({ code: 'TMURL' })
    expect(reached).toBe(0)
  })

  it.each(['file:///etc/passwd', 'ftp://example.org', 'http://user:pw@example.org', 'javascript:1', 'gopher://x', 'nonsense', ''])(
    '%s is no address for it (TMURL)',
    (url) => {
      expect(() => checkUrl(url)).toThrow(expect.objectContaining({ code: 'TMURL' }))
    },
  )

  it('by a name that resolves there, alone or among good ones (TMURL)', async () => {
    for (const resolve of [to('127.0.0.1'), to('::1'), async () => [...(await to('93.184.216.34')()), ...(await to('10.0.0.1')())]])
      await expect(safePost(`http://inside.example:${port}/`, {}, '{}', { resolve })).rejects.toMatchObject({ code: 'TMURL' })
    expect(reached).toBe(0)
  })

  it('by a redirect: it is an answer like any other, and not followed', async () => {
    const reply = await safePost(`http://outside.example:${port}/redirect`, {}, '{}', { resolve: to('127.0.0.1'), isBlocked: () => false })

    expect(reply.status).toBe(302)
    expect(reached).toBe(1)
  })

  it('but a public one it reaches, and the operator can allow the others', async () => {
    expect(await safePost(`http://outside.example:${port}/`, {}, '{}', { resolve: to('127.0.0.1'), isBlocked: () => false })).toMatchObject(
      {
        status: 200,
        body: 'ok',
      },
    )
    expect((await safePost(`http://127.0.0.1:${port}/`, {}, '{}', { allowPrivate: true })).status).toBe(200)
  })

  it('keeps at most 64 kB of the answer, and waits no longer than it is told', async () => {
    expect((await safePost(`http://127.0.0.1:${port}/large`, {}, '', { allowPrivate: true })).body).toHaveLength(65_536)
    await expect(safePost(`http://127.0.0.1:${port}/slow`, {}, '', { allowPrivate: true, timeoutMs: 100 })).rejects.toMatchObject({
      name: expect.stringMatching(/Timeout|Abort/),
    })
  })

  it('knows every private IPv4 address in all its IPv6 disguises (fast-check)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('10', '127', '192.168', '169.254', '172.16', '100.64'),
        fc.nat(255),
        fc.nat(255),
        fc.nat(255),
        (head, a, b, c) => {
          const address = [...head.split('.'), a, b, c].slice(0, 4).join('.')
          const [w, x, y, z] = address.split('.').map(Number) as [number, number, number, number]
          const hex = `${((w << 8) | x).toString(16)}:${((y << 8) | z).toString(16)}`
          return (
            isPrivate(address) &&
            isPrivate(`::ffff:${address}`) &&
            isPrivate(`::ffff:${hex}`) &&
            isPrivate(`64:ff9b::${hex}`) &&
            isPrivate(`::${hex}`)
          )
        },
      ),
    )
  })
})
