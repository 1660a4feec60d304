/**
 * Clients that are still sending when their answer is ready: they get it, and their connection serves the next request.
 */
import net from 'node:net'
import { type Lab, startLab } from './lab.ts'

const REST = 2 << 20

describe('a client that is still sending when the answer is ready', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab({ sampleBytes: 1024 })
  })
  afterAll(() => lab.close())

  /** Sends each request on one connection, the next after the answer to the one before. @returns the answers, or what became of them */
  function talk(requests: { query: string; type: string; body: Buffer }[]): Promise<(string | number)[]> {
    const answers: (string | number)[] = []
    return new Promise((resolve) => {
      const socket = net.connect(Number(new URL(lab.url).port), '127.0.0.1')
      const end = (...last: string[]) => {
        clearTimeout(timer)
        socket.destroy()
        resolve([...answers, ...last])
      }
      const timer = setTimeout(() => end('no answer'), 10_000)
      let heard = ''
      const send = () => {
        const next = requests[answers.length]
        if (!next) return end()
        const { query, type, body } = next
        socket.write(
          `POST /upload-file?table=still&${query} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`,
        )
        socket.write(body)
      }
      socket.setEncoding('utf8').on('data', (part) => {
        heard += part
        const [, status, code] = /^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n\{(?:"code":"(\w+)")?[\s\S]*\}$/.exec(heard) ?? []
        if (!status) return
        heard = ''
        answers.push(code ?? Number(status))
        send()
      })
      socket.on('error', (error: NodeJS.ErrnoException) => end(error.code!))
      socket.on('close', () => end('closed'))
      send()
    })
  }
  const csv = (body: Buffer, query = '') => ({ query, type: 'text/csv', body })
  const form = (body: Buffer) => ({ query: '', type: 'multipart/form-data; boundary=b', body })
  const small = csv(Buffer.from('a\n1\n'), 'dry_run=true')
  const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'

  it.each<[string, { query: string; type: string; body: Buffer }, string | number]>([
    ['a file that is none', csv(Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(REST, 'x')])), 'TMMED'],
    ['a bad option', csv(Buffer.alloc(REST, 'x\n'), 'mode=strange'), 'TMARG'],
    [
      'a bad row',
      csv(Buffer.concat([Buffer.from('a,b\n'), Buffer.alloc(4096, '1,2\n'), Buffer.from('1,2,3\n'), Buffer.alloc(REST, '1,2\n')])),
      'TMCSV',
    ],
    ['a preview', csv(Buffer.concat([Buffer.from('a\n'), Buffer.alloc(REST, '1\n')]), 'dry_run=true'), 200],
    [
      'a form with a damaged part',
      form(Buffer.concat([Buffer.from(`${head}a\n1\n\r\n--b\r\nno header\r\n\r\n`), Buffer.alloc(REST, 'x')])),
      'TMARG',
    ],
    [
      'a form with a bad file',
      form(Buffer.concat([Buffer.from(`${head}PK\x03\x04`), Buffer.alloc(REST, 'x'), Buffer.from('\r\n--b--\r\n')])),
      'TMMED',
    ],
    [
      'a form with an option that is too long',
      form(
        Buffer.concat([
          Buffer.from('--b\r\ncontent-disposition: form-data; name="columns"\r\n\r\n'),
          Buffer.alloc(300 << 10, 'x'),
          Buffer.from(`\r\n${head}`),
          Buffer.alloc(REST, '1\n'),
          Buffer.from('\r\n--b--\r\n'),
        ]),
      ),
      'TMARG',
    ],
  ])('gets the answer to %s, and the next one on its connection [TMARG] [TMMED] [TMCSV]', async (_, request, answer) => {
    expect(await talk([request, small])).toEqual([answer, 200])
  })
})
