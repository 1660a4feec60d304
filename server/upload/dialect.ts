// dialect.ts: how a file writes its records, as a value. Guessed by sniff.ts, overridden by the `dialect` option, reported in every answer.
// Pure; runs in the browser too.

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'
export type Escape = 'doubled' | 'backslash' | 'none'

export interface Dialect {
  delimiter: string // usually one character; ', ' and '||' are possible
  quote: string // '"', "'" or '' (no quoting)
  escape: Escape // how a quote is written inside quotes; 'none': as it is, a quote closes only before a delimiter
  line_end: '\n' | '\r\n' | '\r'
  encoding: Encoding
  header: boolean
  preamble: number // lines before the header (or before the first record) that are not part of the table
}

export const RFC4180: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: 'doubled',
  line_end: '\n',
  encoding: 'utf-8',
  header: true,
  preamble: 0,
}
