// Blocks of cells as spreadsheets write and read them: tab-separated, quoted where it must be. Pure.
/** Spreadsheets put cells with tabs, quotes or line ends in quotes. */
export function quoteTab(text: string): string {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function parseBlock(text: string): string[][] {
  const rows: string[][] = [[]]
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[at + 1] === '"') (cell += '"'), at++
      else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === '\t') rows.at(-1)!.push(cell), (cell = '')
    else if (c === '\n') rows.at(-1)!.push(cell), (cell = ''), rows.push([])
    else if (c !== '\r') cell += c
  }
  rows.at(-1)!.push(cell)
  if (rows.length > 1 && rows.at(-1)!.length === 1 && rows.at(-1)![0] === '') rows.pop()
  return rows
}
