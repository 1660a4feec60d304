/**
 * What the server answered to an upload, for people. Called by ../import.ts. Pure.
 */
const NUMBER = new Intl.NumberFormat('en')
const LINE_ENDS: Record<string, string> = { '\n': 'LF', '\r\n': 'CRLF', '\r': 'CR' }
const WORDS = new Set(['table', 'mode', 'key', 'on_error', 'workspace'])
/** More columns than a screen has lines. */
const MOST_COLUMNS = 60

export const size = (bytes: number): string =>
  bytes < 1e3 ? `${Math.round(bytes)} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
export const count = (n: number): string => NUMBER.format(n)
const many = (n: number, what: string): string => `${count(n)} ${what}${n === 1 ? '' : 's'}`

export function answerText(body: any, ms: number): string {
  if (body.dry_run) return JSON.stringify(body, null, 2) // a preview is for programs
  const how: Record<string, string> = {
    create: 'in a new table',
    append: 'appended',
    replace: 'in place of what was there',
    upsert: `${count(body.inserted ?? 0)} inserted, ${count(body.updated ?? 0)} updated`,
  }
  const seconds = ms / 1000
  const width = Math.max(...body.columns.slice(0, MOST_COLUMNS).map((column: any) => [...column.name].length), 0)
  const columns = body.columns
    .slice(0, MOST_COLUMNS)
    .map((column: any) =>
      [`  ${column.name.padEnd(width)}  ${column.type}`, column.format && `written ${column.format}`, column.note]
        .filter(Boolean)
        .join(', '),
    )
  const left = body.columns.length - columns.length
  return [
    `${body.workspace}.${body.table}: ${many(body.rows, 'row')}, ${how[body.mode]}; ${size(body.bytes)} in ${seconds.toFixed(1)} s${seconds < 1 ? '' : `, ${size(body.bytes / seconds)}/s`}`,
    ...columns,
    ...(left > 0 ? [`  … and ${many(left, 'column')} more`] : []),
    `Read as ${dialectText(body.dialect)}.`,
    ...(body.rejected > 0 ? [`Left out: ${many(body.rejected, 'record')}, with line and reason in ${body.rejects}.`] : []),
    ...(body.repaired > 0 ? [`Repaired: ${many(body.repaired, 'record')}, listed in ${body.rejects}.`] : []),
    ...(body.same_as ? [`The same bytes were loaded before, by upload ${body.same_as}.`] : []),
  ].join('\n')
}

function dialectText(d: any): string {
  const delimiter = d.delimiter === '\t' ? 'tab' : `"${d.delimiter}"`
  return [
    d.encoding,
    `fields parted by ${delimiter}`,
    d.quote === '' ? 'no quotes' : `${d.quote === '"' ? 'double' : 'single'} quotes`,
    d.header ? 'with a header' : 'without a header',
    LINE_ENDS[d.line_end] ?? d.line_end,
    ...(d.preamble > 0 ? [`${many(d.preamble, 'line')} before the table`] : []),
  ].join(', ')
}

/** The server's error body, with its options spelled as this command spells them. */
export function refusalText(status: number, body: any): string {
  const here = (text: string) =>
    text.replace(/\b([a-z]+(?:_[a-z]+)?)=([\w,]+)/g, (_, name: string, value: string) =>
      WORDS.has(name) ? `--${name.replace('_', '-')} ${value}` : `--option ${name}=${value}`,
    )
  const hint =
    status === 401 ? '--token, or TIDEMARK_TOKEN; on the machine of the server: npm run -s token' : body.hint ? here(body.hint) : null
  return [
    `Nothing was loaded: ${body.message ?? `the server answers ${status}`} [${body.code ?? status}]`,
    ...(body.line ? [`  line ${count(body.line)}${body.column ? `, column "${body.column}"` : ''}`] : []),
    ...(body.value != null ? [`  value ${JSON.stringify(body.value)}`] : []),
    ...(body.detail ? [`  ${body.detail.split('\n').join('\n  ')}`] : []),
    ...(hint ? [`What to do: ${hint}`] : []),
  ].join('\n')
}
