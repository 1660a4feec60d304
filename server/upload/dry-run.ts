// dry-run.ts: the answer of a load that stops after the plan (dry_run): the preview, and nothing is written. Called by load.ts.

import type { Columns } from './columns.ts'
import type { Decoder } from './decode.ts'
import type { Dialect } from './dialect.ts'
import type { infer } from './infer.ts'
import type { LoadResult } from './job.ts'
import type { UploadOptions } from './options.ts'
import type { Plan } from './plan.ts'
import { makePreview } from './preview.ts'
import type { Sniffed } from './sniff.ts'

export function dryRun(
  d: Buffer,
  sniffed: Sniffed,
  dialect: Dialect,
  plan: Plan,
  columns: Columns,
  learned: ReturnType<typeof infer>,
  decoder: Decoder,
  o: UploadOptions,
): LoadResult {
  const preview = makePreview(
    d,
    sniffed,
    dialect,
    plan.names.map((n, i) => n || sniffed.names[i]!),
    columns,
    learned,
    { dateOrder: o.dateOrder, columns: o.columns },
  )
  return {
    table: plan.table,
    mode: plan.mode,
    rows: learned.records,
    rejected: learned.bad.filter((b) => !b.loaded).length,
    repaired: learned.bad.filter((b) => b.loaded).length,
    rejects: null,
    key: plan.key,
    bytes: decoder.bytes,
    sha256: '',
    columns: preview.columns,
    dialect,
    preview,
  }
}
