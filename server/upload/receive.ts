// receive.ts: the body of POST /upload-file as options and one byte stream: multipart (busboy) or the raw body (curl -T).
// Called by route.ts. No body parser may have run before, and nothing is written to disk.

import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { Request } from 'express'
import { AppError } from '../errors.ts'

export interface Received {
  fields: Record<string, string>
  file: Readable
  fileName: string | null
  contentType: string
  /** Resolves when the form was read to its end. Must be awaited before COMMIT: a later field is an error. */
  done: Promise<void>
}

/** How long a client may go on sending what nobody reads. */
const DISCARD_MS = 60_000

/**
 * Reads the rest of the body and throws it away, whoever was reading it. A body that is left lying holds up the next request on its
 * connection, and a socket that is closed under a client that still sends loses it the answer. One that sends for ever is cut off.
 */
export function discardRest(req: Request): void {
  if (req.readableEnded || req.destroyed) return
  req.unpipe()
  req.removeAllListeners('readable')
  req.on('data', () => {}) // resume() alone would do nothing: a listener for 'readable' counts until the next tick
  req.resume()
  const timer = setTimeout(() => {
    if (!req.complete) req.destroy() // a complete one no longer owns the socket
  }, DISCARD_MS).unref()
  for (const event of ['end', 'close']) req.once(event, () => clearTimeout(timer))
}

export function receive(req: Request): Promise<Received> {
  return req.is('multipart/form-data') ? form(req) : Promise.resolve(raw(req))
}

function raw(req: Request): Received {
  const fields: Record<string, string> = {}
  for (const [k, v] of Object.entries(req.query))
    if (typeof v === 'string') fields[k] = v
    else throw new AppError('TMARG', `Option ${k.slice(0, 40)} is given twice`, { more: { option: k.slice(0, 40) } })
  const named = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(String(req.headers['content-disposition'] ?? ''))?.[1]
  let fileName: string | null = null
  try {
    fileName = fields.file_name ?? (named ? decodeURIComponent(named) : null)
  } catch {
    fileName = named ?? null
  }
  return {
    fields,
    file: req,
    fileName,
    contentType: String(req.headers['content-type'] ?? '')
      .split(';')[0]!
      .trim()
      .toLowerCase(),
    done: Promise.resolve(),
  }
}

/** Resolves at the file part, with the fields that came BEFORE it. */
function form(req: Request): Promise<Received> {
  return new Promise((ok, no) => {
    const fields: Record<string, string> = {}
    for (const [k, v] of Object.entries(req.query)) if (typeof v === 'string') fields[k] = v
    let file: Readable | null = null
    let late: AppError | null = null
    let bb: busboy.Busboy
    try {
      bb = busboy({
        headers: req.headers,
        defParamCharset: 'utf8',
        limits: { files: 2, fields: 40, fieldSize: 256 << 10 },
        fileHwm: 1 << 20,
      })
    } catch (error) {
      no(new AppError('TMARG', 'The form cannot be read: its boundary is missing', { cause: error }))
      return
    }
    const refuse = (error: AppError): void => {
      late ??= error
      if (file) file.destroy(error)
      else no(error)
    }
    bb.on('field', (name, value, info) => {
      if (file)
        refuse(
          new AppError('TMARG', `The field "${name.slice(0, 40)}" came after the file`, {
            hint: 'Put option fields before the file.',
            more: { option: name.slice(0, 40) },
          }),
        )
      else if (info.valueTruncated) refuse(new AppError('TMARG', `Option ${name.slice(0, 40)} is too long`))
      else fields[name] = value
    })
    bb.on('file', (name, f, info) => {
      f.on('error', () => {}) // an error before load() reads would be uncaught and end the process
      if (late) {
        f.resume() // nobody will read it
        return
      }
      if (file) {
        f.resume()
        refuse(new AppError('TMARG', 'One file at a time, please'))
        return
      }
      if (name !== 'file') {
        f.resume()
        refuse(new AppError('TMARG', `The file must be in the field "file", not "${name.slice(0, 40)}"`))
        return
      }
      file = f
      ok({ fields, file: f, fileName: info.filename || null, contentType: (info.mimeType ?? '').toLowerCase(), done })
    })
    // Not pipeline(): when the form is damaged that destroys the request, and with it the socket that the answer needs.
    const done = new Promise<void>((ended, failed) => {
      bb.once('close', ended)
      bb.once('error', failed)
      req.once('close', () => {
        if (!req.complete) bb.destroy(new Error('The client went away')) // and with it the file stream
      })
      req.pipe(bb)
    }).then(
      () => {
        if (late) throw late
        if (!file) throw new AppError('TMARG', 'The form has no file', { hint: 'Send the file in the field "file".' })
      },
      (error: unknown) => {
        throw (
          late ??
          (/Unexpected end|Malformed/.test(String((error as Error)?.message))
            ? new AppError('TMARG', 'The form ends too early', { cause: error })
            : error)
        )
      },
    )
    done.catch((e: unknown) => {
      no(e as Error)
    })
  })
}
