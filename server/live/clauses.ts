/**
 * The clauses of a SELECT that PostGraphile wrote. Used by window-test.ts, which asks about changed rows with the very
 * WHERE and ORDER BY of the live query, so that there is no second reading of filters to disagree with the first.
 *
 * Not a parser of SQL: it knows strings, quoted names, comments and parentheses, which is what separates the keywords of the
 * statement itself from those inside of it.
 */
export interface Clauses {
  /** The item after FROM with its joins, without the keyword. */
  from: string
  /** The first relation's alias, as written. */
  alias: string
  schema: string
  relation: string
  /** '' when there is none. */
  where: string
  orderBy: string
  limit: number | null
  offset: number
}

const KEYWORDS = ['from', 'where', 'group by', 'having', 'order by', 'limit', 'offset'] as const
const FIRST = /^\s*"((?:[^"]|"")+)"\."((?:[^"]|"")+)"\s+as\s+("(?:[^"]|"")+"|[\w$]+)/

/** @returns null when the statement has another shape (an aggregate, a mutation). */
export function clausesOf(text: string): Clauses | null {
  const parts = split(text)
  if (!parts || parts['group by'] !== undefined || parts.having !== undefined || parts.from === undefined) return null
  const first = FIRST.exec(parts.from)
  if (!first) return null
  const number = (clause: string | undefined) => (clause === undefined ? null : /^\s*\d+\s*$/.test(clause) ? Number(clause) : undefined)
  const limit = number(parts.limit),
    offset = number(parts.offset)
  if (limit === undefined || offset === undefined) return null
  const unquote = (name: string) => name.replace(/""/g, '"')
  return {
    from: parts.from,
    schema: unquote(first[1]!),
    relation: unquote(first[2]!),
    alias: first[3]!,
    where: parts.where?.trim() ?? '',
    orderBy: parts['order by']?.trim() ?? '',
    limit,
    offset: offset ?? 0,
  }
}

function split(text: string): Partial<Record<(typeof KEYWORDS)[number], string>> | null {
  if (!/^\s*select\s/i.test(text)) return null
  const marks: { keyword: (typeof KEYWORDS)[number]; start: number; end: number }[] = []
  let depth = 0,
    at = 0
  while (at < text.length) {
    const char = text[at]!
    if (char === "'" || char === '"') {
      const escapes = char === "'" && /[eE]$/.test(text.slice(Math.max(0, at - 1), at))
      at++
      while (at < text.length && (text[at] !== char || text[at + 1] === char || (escapes && text[at - 1] === '\\')))
        at += text[at] === char ? 2 : 1
      at++
    } else if (text.startsWith('/*', at)) at = text.indexOf('*/', at) + 2 || text.length
    else if (text.startsWith('--', at)) at = text.indexOf('\n', at) + 1 || text.length
    else if (char === '(' || char === '[') {
      depth++
      at++
    } else if (char === ')' || char === ']') {
      depth--
      at++
    } else if (depth === 0 && /[a-z]/i.test(char)) {
      const word = /^[a-z_]\w*/i.exec(text.slice(at, at + 64))![0]
      const keyword = KEYWORDS.find((k) => new RegExp(`^${k.replace(' ', '\\s+')}(?!\\w)`, 'i').test(text.slice(at, at + 16)))
      if (keyword) {
        const length = new RegExp(`^${keyword.replace(' ', '\\s+')}`, 'i').exec(text.slice(at))![0].length
        marks.push({ keyword, start: at, end: at + length })
        at += length
      } else at += word.length
    } else if (/[\w$]/.test(char)) at += /^[\w$]+/.exec(text.slice(at))![0].length
    else at++
  }
  const parts: Partial<Record<(typeof KEYWORDS)[number], string>> = {}
  for (const [i, { keyword, end }] of marks.entries()) {
    if (parts[keyword] !== undefined) return null // two of one kind: a union, or something that we do not know
    parts[keyword] = text.slice(end, marks[i + 1]?.start ?? text.length).replace(/;\s*$/, '')
  }
  return parts
}

/** Every relation that a statement reads, as `schema.name`: PostGraphile always writes both, quoted. */
export function relationsIn(text: string): string[] {
  const found = new Set<string>()
  for (const [, schema, name] of text.matchAll(/(?:from|join)\s+"((?:[^"]|"")+)"\."((?:[^"]|"")+)"/gi))
    found.add(`${schema}.${name!.replace(/""/g, '"')}`)
  return [...found]
}
