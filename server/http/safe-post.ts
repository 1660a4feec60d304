/**
 * A POST to an address that a stranger wrote down (webhooks), which cannot reach this machine or the network behind it.
 *
 * Three walls, each of which alone was passed by some hostile URL: the literal address in the URL (after `new URL` has
 * read 0x7f.1 and 2130706433 as what they are), every address that the name resolves to, checked where the connection
 * is made (so that a second answer cannot differ from the first), and no redirects. No reuse of sockets either.
 * ALLOW_PRIVATE_WEBHOOKS=1 takes the first two down, for who runs the receiver next door.
 */
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { AppError } from '../errors.ts'
import { isPrivate } from './addresses.ts'

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  /** At most `maxReply` bytes of it. */
  body: string
}

export interface PostOptions {
  timeoutMs?: number
  maxReply?: number
  allowPrivate?: boolean
  /** For tests: another resolver, another idea of what is private. */
  resolve?: (host: string) => Promise<dns.LookupAddress[]>
  isBlocked?: (address: string) => boolean
}

const PRIVATE = 'The address leads into a private network, which the operator must allow (ALLOW_PRIVATE_WEBHOOKS=1)'
const refused = (why: string) => new AppError('TMURL', why)

/** What can be said without asking DNS; for the moment when somebody types the address. @throws AppError TMURL */
export function checkUrl(
  text: string,
  { allowPrivate = false, isBlocked = isPrivate }: Pick<PostOptions, 'allowPrivate' | 'isBlocked'> = {},
): URL {
  if (!URL.canParse(text) || text.length > 2000) throw refused('This is not a web address')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('A webhook goes to https:// or http://')
  if (url.username || url.password) throw refused('A webhook address carries no user or password')
  const host = bareHost(url)
  if (!allowPrivate && (net.isIP(host) ? isBlocked(host) : /(^|\.)localhost\.?$/i.test(host))) throw refused(PRIVATE)
  return url
}

/** Resolves with any status (3xx included: a redirect is not followed). @throws AppError TMURL, or the network's error. */
export function safePost(text: string, headers: Record<string, string>, body: string | Buffer, options: PostOptions = {}): Promise<Reply> {
  const { timeoutMs = 10_000, maxReply = 64 * 1024, allowPrivate = false, resolve = fromSystem, isBlocked = isPrivate } = options
  let url: URL
  try {
    url = checkUrl(text, options)
  } catch (error) {
    return Promise.reject(error)
  }
  const lookup: net.LookupFunction = (name, { all }, done) => {
    resolve(name).then(
      (found) => {
        // One bad address among good ones is enough: which of them gets the connection is not ours to say.
        if (!found.length || (!allowPrivate && found.some(({ address }) => isBlocked(address))))
          return done(refused(PRIVATE) as Error, '', 4)
        if (all) (done as unknown as (error: null, found: dns.LookupAddress[]) => void)(null, found)
        else done(null, found[0]!.address, found[0]!.family)
      },
      (error) => done(error, '', 4),
    )
  }
  return new Promise((reply, fail) => {
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        lookup,
        agent: false,
        maxHeaderSize: 16 * 1024,
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const parts: Buffer[] = []
        let size = 0
        const finish = () =>
          reply({
            status: response.statusCode!,
            headers: response.headers,
            body: Buffer.concat(parts).subarray(0, maxReply).toString('utf8'),
          })
        response.on('data', (part: Buffer) => {
          parts.push(part)
          size += part.length
          if (size > maxReply) {
            finish()
            response.destroy()
          }
        })
        response.on('end', finish)
        response.on('error', fail)
      },
    )
    request.on('error', fail)
    request.end(body)
  })
}

const fromSystem = (host: string) => dns.promises.lookup(host, { all: true })
const bareHost = (url: URL) => url.hostname.replace(/^\[|\]$/g, '')
