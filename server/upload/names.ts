// names.ts: what a header cell or a file name becomes in PostgreSQL. Called by sniff, plan and options. Pure; browser too.
// Names are kept as they are (trimmed, NFC); empty or doubled ones get a number; over 63 bytes they are cut at a character.

const encoder = new TextEncoder()
// PostgreSQL's own columns; row_id is the key that the platform adds; __w… are columns of a load under way
const RESERVED = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'])

export function cut(name: string, bytes = 63): string {
  if (encoder.encode(name).length <= bytes) return name
  let out = ''
  let size = 0
  for (const c of name) {
    size += encoder.encode(c).length
    if (size > bytes) break
    out += c
  }
  return out.trimEnd()
}

/** One column name per header cell, unique when compared without case. `rowId`: row_id is taken by the key. */
export function columnNames(header: readonly string[], rowId = false): string[] {
  const taken = new Set<string>(rowId ? ['row_id'] : [])
  // eslint-disable-next-line no-control-regex
  const wanted = header.map((h) =>
    cut(
      h
        .normalize('NFC')
        .replace(/[\u0000-\u001f\u007f]+/g, ' ')
        .trim(),
    ),
  )
  // a name that is written out in the header goes before one that we number ourselves
  const written = new Set(wanted.map((w) => w.toLowerCase()))
  return wanted.map((w, i) => {
    let base = w === '' ? `column_${i + 1}` : RESERVED.has(w) || /^__w\d/.test(w) ? `${w}_` : w
    let name = base
    for (let k = w === '' ? 1 : 2; taken.has(name.toLowerCase()) || (name !== w && written.has(name.toLowerCase())); k++) {
      base = w === '' ? `column_${i + 1}` : w
      name = `${cut(base, 63 - `_${k}`.length)}_${k}`
    }
    taken.add(name.toLowerCase())
    return name
  })
}

/** A table name from a file name: 'My Data (2).csv.gz' becomes my_data_2. Always a plain identifier. */
export function tableName(file: string): string {
  const base = file
    .normalize('NFC')
    .replace(/^.*[\\/]/, '')
    .replace(/\.(gz|zst|zstd)$/i, '')
    .replace(/\.[a-z0-9]{1,8}$/i, '')
  const id = base
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_]+/gu, '_')
    .replace(/^_+|_+$/g, '')
  return cut(id === '' ? 'upload' : /^\p{N}/u.test(id) ? `t_${id}` : id, 55)
}
