/**
 * The headers that shape an answer: Prefer, Range, Accept. Read by route.ts.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { RestError } from './errors.ts'

const WORDS: Record<string, RegExp> = {
  return: /^(minimal|representation|headers-only)$/,
  count: /^(exact|planned|estimated)$/,
  resolution: /^(merge-duplicates|ignore-duplicates)$/,
  missing: /^(default|null)$/,
  tx: /^(commit|rollback)$/,
  handling: /^(strict|lenient)$/,
  'max-affected': /^\d{1,15}$/,
}

export interface Preferences {
  return: 'minimal' | 'representation' | 'headers-only'
  count: 'exact' | 'planned' | 'estimated' | null
  resolution: 'merge-duplicates' | 'ignore-duplicates' | null
  missing: 'default' | 'null'
  rollback: boolean
  maxAffected: number | null
  /** What is said back in Preference-Applied; null: nothing was asked. */
  applied: string | null
}

export function parsePreferences(header: string | string[] | undefined): Preferences {
  const given = new Map<string, string>()
  const unknown: string[] = []
  for (const part of String(header ?? '')
    .split(/[,;]/)
    .map((word) => word.trim())
    .filter(Boolean)) {
    const [, name = '', value = ''] = /^([a-z-]+)\s*=\s*(.*)$/i.exec(part) ?? []
    if (Object.hasOwn(WORDS, name) && WORDS[name]!.test(value)) given.has(name) || given.set(name, value)
    else unknown.push(part)
  }
  const strict = given.get('handling') === 'strict'
  if (strict && unknown.length > 0)
    throw new RestError('PGRST122', 'Invalid preferences given with handling=strict', {
      details: `Invalid preferences: ${unknown.join(', ').slice(0, 200)}`,
    })
  const word = (name: string) => given.get(name) as any
  return {
    return: word('return') ?? 'minimal',
    count: word('count') ?? null,
    resolution: word('resolution') ?? null,
    missing: word('missing') ?? 'null',
    rollback: word('tx') === 'rollback',
    maxAffected: strict && given.has('max-affected') ? Number(word('max-affected')) : null,
    applied: [...given].map(([name, value]) => `${name}=${value}`).join(', ') || null,
  }
}

/** Range: 0-24, with Range-Unit: items. @returns null when there is none that can be read */
export function parseRange(headers: IncomingHttpHeaders): { offset: number; limit: number | null } | null {
  const [, first, last] = /^(?:items=)?(\d{1,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? []
  if (first === undefined) return null
  if (last && Number(last) < Number(first))
    throw new RestError('PGRST103', 'Requested range not satisfiable', {
      details: 'The lower boundary must be lower than or equal to the upper boundary in the Range header.',
    })
  return { offset: Number(first), limit: last ? Number(last) - Number(first) + 1 : null }
}

export interface Media {
  kind: 'json' | 'object' | 'csv'
  /** Null values are left out. */
  stripped: boolean
  type: string
}

const MEDIA: Record<string, [Media['kind'], string]> = {
  '*/*': ['json', 'application/json'],
  'application/*': ['json', 'application/json'],
  'application/json': ['json', 'application/json'],
  'application/vnd.pgrst.array': ['json', 'application/vnd.pgrst.array+json'],
  'application/vnd.pgrst.array+json': ['json', 'application/vnd.pgrst.array+json'],
  'application/vnd.pgrst.object': ['object', 'application/vnd.pgrst.object+json'],
  'application/vnd.pgrst.object+json': ['object', 'application/vnd.pgrst.object+json'],
  'text/csv': ['csv', 'text/csv'],
  'text/*': ['csv', 'text/csv'],
}

/** The first that we have of what the client likes best. */
export function chooseMedia(accept: string | undefined): Media {
  const wishes = (accept?.trim() || '*/*').split(',').map((text) => {
    const [name = '', ...words] = text.split(';').map((word) => word.trim().toLowerCase())
    const q = words.find((word) => word.startsWith('q='))
    return { name, quality: q ? Number(q.slice(2)) || 0 : 1, stripped: words.includes('nulls=stripped') }
  })
  for (const { name, quality, stripped } of wishes.sort((a, b) => b.quality - a.quality))
    if (quality > 0 && Object.hasOwn(MEDIA, name)) {
      const [kind, type] = MEDIA[name]!
      return {
        kind,
        stripped: stripped && kind !== 'csv',
        type: `${type}${stripped && kind !== 'csv' ? ';nulls=stripped' : ''}; charset=utf-8`,
      }
    }
  throw new RestError('PGRST107', `None of these media types are available: ${(accept ?? '').slice(0, 200)}`, {
    hint: 'Ask for application/json, application/vnd.pgrst.object+json or text/csv.',
  })
}
