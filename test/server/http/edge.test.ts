/**
 * The edge of HTTP: headers, request ids, bodies, addresses that lead nowhere.
 */
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { readConfig } from '../../../server/config.ts'
import { AppError } from '../../../server/errors.ts'
import { answerErrors, notFound } from '../../../server/http/error-handler.ts'
import { securityHeaders } from '../../../server/http/headers.ts'
import { setTimers, watchIdle } from '../../../server/http/idle.ts'
import { requestId } from '../../../server/http/request-id.ts'
import { makeLog } from '../../../server/log.ts'

let server: http.Server
let url = ''
const idle: string[] = []
beforeAll(async () => {
  const app = express()
  app.use(requestId, securityHeaders({ publicUrl: null }))
  app.post('/slow', (request, response) => {
    watchIdle(request, 200, ({ code }) => void idle.push(code))
    let bytes = 0
    request.on('data', (part) => (bytes += part.length))
    request.on('end', () => void response.json({ bytes }))
    request.on('error', () => {})
  })
  app.get('/ours', () => {
    throw new AppError('TMNOF', 'There is no such thing', { hint: 'Look elsewhere.' })
  })
  app.get('/theirs', () => {
    throw new Error('password=hunter2 at /srv/secret.ts')
  })
  app.get('/graphiql', (_request, response) => void response.send('ok'))
  app.use(notFound, answerErrors(makeLog('silent')))
  server = http.createServer(app)
  setTimers(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('every answer', () => {
  it('has a strict policy, no CORS and no name of the software; GraphiQL alone has a looser one', async () => {
    const { headers } = await fetch(`${url}/nothing`)
    const graphiql = await fetch(`${url}/graphiql`)

    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'self'.*frame-ancestors 'none'.*script-src 'self';script-src-attr 'none'/,
    )
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/)
    expect(graphiql.headers.get('content-security-policy')).toMatch(/script-src[^;]*'unsafe-inline'/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    for (const absent of ['access-control-allow-origin', 'x-powered-by', 'server']) expect(headers.get(absent)).toBeNull()
  })

  it('lets the page show pictures of its own and of the hosts that the operator named, and of nobody else', async () => {
    const policy = async (imageHosts?: string[]) => {
      const headers = new Map<string, string>()
      const response = { setHeader: (name: string, value: string) => headers.set(name.toLowerCase(), value), removeHeader() {} }
      await new Promise((done) => securityHeaders({ publicUrl: null, imageHosts })({ path: '/' } as never, response as never, done))
      return headers.get('content-security-policy')!.match(/img-src ([^;]*)/)![1]
    }

    expect(await policy()).toBe("'self' data:")
    expect(await policy(['images.example.org', '*.cdn.example.org'])).toBe(
      "'self' data: https://images.example.org https://*.cdn.example.org",
    )
    expect(readConfig({ DATABASE_URL: 'x', TIDEMARK_IMAGE_HOSTS: 'Images.example.org, *.cdn.example.org:8443' }).imageHosts).toEqual([
      'images.example.org',
      '*.cdn.example.org:8443',
    ])
    for (const odd of ['https://images.example.org', "a; script-src 'unsafe-inline'", '*', 'a/b'])
      expect(() => readConfig({ DATABASE_URL: 'x', TIDEMARK_IMAGE_HOSTS: odd })).toThrow(/must be a list of hosts/)
  })

  it('carries a request id: ours, or a harmless one of the caller’s', async () => {
    const id = async (given?: string) => (await fetch(url, { headers: given ? { 'x-request-id': given } : {} })).headers.get('x-request-id')

    expect(await id()).toMatch(/^[0-9a-f-]{36}$/)
    expect(await id('from-a-proxy-1')).toBe('from-a-proxy-1')
    expect(await id('<script>alert(1)</script>')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('that is an error has one form; what is internal stays inside (TMOOP, TMNOF)', async () => {
    const ours = await fetch(`${url}/ours`)
    const theirs = await fetch(`${url}/theirs`)
    const body: any = await theirs.json()

    expect(ours.status).toBe(404)
    expect(await ours.json()).toEqual({ code: 'TMNOF', message: 'There is no such thing', hint: 'Look elsewhere.', detail: null })
    expect(body).toMatchObject({ code: 'TMOOP', request_id: theirs.headers.get('x-request-id') })
    expect(JSON.stringify(body)).not.toMatch(/hunter2|secret\.ts/)
  })
})

describe('a slow upload', () => {
  const send = (every: number, times: number) =>
    new Promise<string>((resolve) => {
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
      let answer = ''
      socket.write(`POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: ${times + 1}\r\nConnection: close\r\n\r\n`)
      let sent = 0
      const timer = setInterval(() => (sent++ < times ? socket.write('x') : undefined), every)
      socket.on('data', (part) => {
        answer += part
      })
      socket.on('close', () => {
        clearInterval(timer)
        resolve(answer)
      })
      socket.on('error', () => {})
      socket.write('x')
    })

  it('may take long as long as bytes come; one that falls silent is ended (TMTIM)', async () => {
    expect(await send(60, 12)).toContain('{"bytes":13}') // 720 ms with an idle limit of 200 ms
    expect(idle).toEqual([])

    expect(await send(10_000, 5)).not.toContain('200 OK')
    expect(idle).toEqual(['TMTIM'])
  })
})
