// Why a file was refused: the line, the column and the value, and what to do.
import type { ApiError } from '../../shared/api/request.ts'
import { count } from '../../shared/format/text.ts'
import { Problem } from '../../shared/ui/states.tsx'

export function UploadProblem({ error, table }: { error: ApiError; table: string }) {
  const { line, column, value } = error.more as { line?: number; column?: string; value?: string }
  return (
    <div>
      <Problem error={error} />
      {line !== undefined && line !== null && (
        <dl className="tm-facts">
          <div>
            <dt>Line</dt>
            <dd className="tm-tabular">{count(line)}</dd>
          </div>
          {column && (
            <div>
              <dt>Column</dt>
              <dd>{column}</dd>
            </div>
          )}
          {value !== undefined && value !== null && (
            <div>
              <dt>Value</dt>
              <dd className="tm-mono">{String(value).slice(0, 200)}</dd>
            </div>
          )}
        </dl>
      )}
      <p className="tm-dim tm-small">Nothing was stored in {table}.</p>
    </div>
  )
}
