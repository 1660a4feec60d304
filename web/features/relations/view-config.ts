// How a person sees a relation (columns, order, widths, pins, titles, formats, sort, filters, search, density), and how
// it is written in the address: ?cols=price;w120;pl;fcurrency.currency=EUR,name&sort=-price,id&f=price~gt~10&q=foo
// Columns that a config does not name are shown after those that it names: a new column appears by itself.
import type { Column } from '../../shared/api/catalog.ts'
import type { Format, FormatKind } from '../../shared/format/kinds.ts'
import { isDate, isJson, isNumber, shortType } from '../../shared/format/kinds.ts'

export interface ColumnConfig {
  name: string
  title?: string
  w?: number
  hidden?: boolean
  pin?: 'left'
  fmt?: Format
}
export interface Sort {
  name: string
  desc: boolean
}
export interface Filter {
  name: string
  op: string
  value: string
}
export interface ViewConfig {
  cols: ColumnConfig[]
  sort: Sort[]
  filter: Filter[]
  density: 'normal' | 'compact'
}
export const EMPTY: ViewConfig = { cols: [], sort: [], filter: [], density: 'normal' }

export interface ViewSearch {
  cols?: string
  sort?: string
  f?: string
  q?: string
  v?: string
  d?: string
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[.~!*'()_-]/g, (c) => ('~.'.includes(c) ? `%${c.charCodeAt(0).toString(16)}` : c))
const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function columnText({ name, title, w, hidden, pin, fmt }: ColumnConfig): string {
  const opt = Object.entries(fmt?.opt ?? {}).map(([key, value]) => `.${encode(key)}=${encode(String(value))}`)
  return [
    encode(name),
    ...(w ? [`w${Math.round(w)}`] : []),
    ...(hidden ? ['h'] : []),
    ...(pin ? ['pl'] : []),
    ...(title ? [`n${encode(title)}`] : []),
    ...(fmt && fmt.kind !== 'auto' ? [`f${fmt.kind}${opt.join('')}`] : []),
  ].join(';')
}

function columnFrom(text: string): ColumnConfig {
  const [name = '', ...parts] = text.split(';')
  const column: ColumnConfig = { name: decode(name) }
  for (const part of parts) {
    if (part === 'h') column.hidden = true
    else if (part === 'pl') column.pin = 'left'
    else if (part[0] === 'w') column.w = Math.max(48, Math.min(1200, Number(part.slice(1)) || 160))
    else if (part[0] === 'n') column.title = decode(part.slice(1))
    else if (part[0] === 'f') {
      const [kind = 'auto', ...opts] = part.slice(1).split('.')
      const opt = Object.fromEntries(
        opts.map((pair) => pair.split('=').map(decode)).map(([key = '', value = '']) => [key, readOption(value)]),
      )
      column.fmt = { kind: kind as FormatKind, ...(opts.length ? { opt } : {}) }
    }
  }
  return column
}

function readOption(text: string): string | number | boolean {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text === 'true' ? true : text === 'false' ? false : text
}

/** What of a config the address says: empty parts are left out. */
export function toSearch(config: ViewConfig): Pick<ViewSearch, 'cols' | 'sort' | 'f' | 'd'> {
  return {
    ...(config.cols.length ? { cols: config.cols.map(columnText).join(',') } : {}),
    ...(config.sort.length ? { sort: config.sort.map(({ name, desc }) => (desc ? '-' : '') + encode(name)).join(',') } : {}),
    ...(config.filter.length ? { f: config.filter.map(({ name, op, value }) => [name, op, value].map(encode).join('~')).join(',') } : {}),
    ...(config.density === 'compact' ? { d: 'compact' } : {}),
  }
}

/** The config of an address, laid over what is saved: the address wins part by part. */
export function fromSearch(search: ViewSearch, saved: ViewConfig): ViewConfig {
  return {
    cols: search.cols === undefined ? saved.cols : search.cols.split(',').filter(Boolean).map(columnFrom),
    sort:
      search.sort === undefined
        ? saved.sort
        : search.sort
            .split(',')
            .filter(Boolean)
            .map((text) => ({ name: decode(text.replace(/^-/, '')), desc: text.startsWith('-') })),
    filter:
      search.f === undefined
        ? saved.filter
        : search.f
            .split(',')
            .filter(Boolean)
            .map((text) => {
              const [name = '', op = 'eq', value = ''] = text.split('~').map(decode)
              return { name, op, value }
            }),
    density: search.d === undefined ? saved.density : search.d === 'compact' ? 'compact' : 'normal',
  }
}

/** A config from the server: anything may stand in the JSON, also what an older version wrote. */
export function readConfig(json: unknown): ViewConfig {
  const raw = (json ?? {}) as Partial<ViewConfig>
  return {
    cols: Array.isArray(raw.cols) ? raw.cols.filter((column) => typeof column?.name === 'string') : [],
    sort: Array.isArray(raw.sort) ? raw.sort.filter((sort) => typeof sort?.name === 'string') : [],
    filter: Array.isArray(raw.filter) ? raw.filter.filter((filter) => typeof filter?.name === 'string') : [],
    density: raw.density === 'compact' ? 'compact' : 'normal',
  }
}

export interface PlacedColumn extends Column {
  title: string
  width: number
  /** The person said how wide. */
  sized: boolean
  hidden: boolean
  pinned: boolean
  format: Format
}

/** A first width, before there are rows: from the name and the type. Numbers may get wider by the first rows (fit-columns.ts). */
function standardWidth(column: Column): number {
  const byType = isNumber(column.base)
    ? 116
    : isDate(column.base)
      ? column.base === 'date'
        ? 124
        : 188
      : column.base === 'boolean'
        ? 92
        : isJson(column.base)
          ? 260
          : column.base === 'uuid'
            ? 290
            : 190
  return Math.max(byType, Math.min(280, column.name.length * 7.8 + shortType(column.base).length * 6 + 40))
}

/** Numbers that name something (ids, years, codes) have no thousands apart. */
function standardFormat(column: Column): Format {
  return isNumber(column.base) && /(^|_)(id|ids|no|nr|number|code|year|zip|plz|key)$/i.test(column.name)
    ? { kind: 'auto', opt: { grouping: false } }
    : { kind: 'auto' }
}

/** The relation's columns in the person's order: those of the config first, then what it does not know. */
export function placeColumns(columns: Column[], config: ViewConfig): PlacedColumn[] {
  const known = new Map(columns.map((column) => [column.name, column]))
  const place = (column: Column, wanted: ColumnConfig | undefined): PlacedColumn => ({
    ...column,
    title: wanted?.title || column.name,
    sized: wanted?.w !== undefined,
    width: wanted?.w ?? Math.round(standardWidth(column)),
    hidden: wanted?.hidden ?? false,
    pinned: wanted?.pin === 'left',
    format: wanted?.fmt ?? standardFormat(column),
  })
  const named = config.cols.flatMap((wanted) => {
    const column = known.get(wanted.name)
    known.delete(wanted.name)
    return column?.field ? [place(column, wanted)] : []
  })
  const rest = [...known.values()].filter((column) => column.field).map((column) => place(column, undefined))
  const all = [...named, ...rest]
  return [...all.filter((column) => column.pinned), ...all.filter((column) => !column.pinned)]
}

/** Changes one column of a config; the config then names every column, so that the order is said. */
export function withColumn(config: ViewConfig, all: PlacedColumn[], name: string, change: Partial<ColumnConfig>): ViewConfig {
  return { ...config, cols: all.map((column) => ({ ...toConfig(column, config), ...(column.name === name ? change : {}) })) }
}

function toConfig(column: PlacedColumn, config: ViewConfig): ColumnConfig {
  return config.cols.find((known) => known.name === column.name) ?? { name: column.name }
}

/** Moves a column before another one (null: to the end). */
export function moveColumn(config: ViewConfig, all: PlacedColumn[], name: string, before: string | null): ViewConfig {
  const names = all.map((column) => column.name).filter((other) => other !== name)
  names.splice(before === null ? names.length : names.indexOf(before), 0, name)
  return { ...config, cols: names.map((each) => toConfig(all.find((column) => column.name === each)!, config)) }
}
