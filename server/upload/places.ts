// places.ts: on which line of the file a record is that PostgreSQL refused. Kept by pour.ts, asked by load.ts.
//
// COPY names the record. It runs behind the scanner by what the sockets hold, so the beginnings of the last windows are
// enough. The line is known when the window's records have one line each; else nothing is said rather than something wrong.

const KEPT = 64

export class Places {
  private readonly marks: { records: number; lines: number }[] = []

  /** A window begins behind so many loaded records and so many lines. */
  note(records: number, lines: number): void {
    this.marks.push({ records, lines })
    if (this.marks.length > KEPT) this.marks.shift()
  }

  /** The line of the n-th loaded record (from 1), or null. `now`: how far the scanner is. */
  lineOf(record: number, now: { records: number; lines: number }): number | null {
    const next = this.marks.findIndex((m) => m.records >= record)
    const from = this.marks.at(next < 0 ? -1 : next - 1)
    const to = next < 0 ? now : this.marks[next]!
    if (!from || next === 0 || to.lines - from.lines !== to.records - from.records) return null
    return from.lines + (record - from.records)
  }
}
