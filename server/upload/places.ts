// places.ts: which record of the file, and on which line, PostgreSQL refused. Kept by pour.ts, asked by load.ts.
//
// COPY names a line of what it was sent: that is the record's number only while every record has one line and none was left
// out. It runs behind the scanner by what the sockets hold, so the beginnings of the last windows are enough. Behind a window
// with longer records, blank lines or rejects nothing is said rather than something wrong.

const KEPT = 64

export interface Place {
  record: number
  line: number
}

interface Mark {
  records: number
  lines: number
}

export class Places {
  private marks: Mark[] = []
  private readonly all: Mark[] = [] // of the whole file, as few as tell the same
  private before = 0
  private sure = Number.POSITIVE_INFINITY

  /** A COPY begins behind so many loaded records and so many lines: its own lines count from here. */
  opened(records: number, lines: number): void {
    this.marks = [{ records, lines }]
    this.before = records
    this.sure = Number.POSITIVE_INFINITY
  }

  /** A window begins. */
  note(records: number, lines: number): void {
    if (!straight(this.marks.at(-1)!, { records, lines })) this.sure = Math.min(this.sure, this.marks.at(-1)!.records)
    this.marks.push({ records, lines })
    if (this.marks.length > KEPT) this.marks.shift()
    const [a, b] = this.all.slice(-2)
    if (a && b && straight(a, b) && straight(b, { records, lines })) this.all.pop()
    this.all.push({ records, lines })
  }

  /** Of the n-th loaded record (from 1) of the file: its line, where that is sure. */
  lineOf(record: number, now: Mark): number | null {
    const next = this.all.findIndex((m) => m.records >= record)
    const from = this.all.at(next < 0 ? -1 : next - 1)
    return next === 0 || !from || !straight(from, next < 0 ? now : this.all[next]!) ? null : from.lines + (record - from.records)
  }

  /** Of the n-th line (from 1) of the open COPY. `now`: how far the scanner is. */
  of(copyLine: number, now: Mark): Place | null {
    const record = Math.min(this.before + copyLine, Math.max(now.records, this.before + 1)) // at the end COPY is one line further
    const next = this.marks.findIndex((m) => m.records >= record)
    const from = this.marks.at(next < 0 ? -1 : next - 1)
    if (record > this.sure || !from || next === 0 || !straight(from, next < 0 ? now : this.marks[next]!)) return null
    return { record, line: from.lines + (record - from.records) }
  }
}

const straight = (from: Mark, to: Mark): boolean => to.lines - from.lines === to.records - from.records
