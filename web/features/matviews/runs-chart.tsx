// How long the last refreshes took, oldest first: one bar each, failed ones marked. SVG: fifty bars need no library.
import { count, duration, relative } from '../../shared/format/text.ts'
import type { Run } from './use-runs.ts'

const HEIGHT = 64
const STEP = 14

export function RunsChart({ runs }: { runs: Run[] }) {
  if (runs.length < 2) return null
  const bars = runs.toReversed()
  const longest = Math.max(...bars.map((run) => Number(run.durationMs)), 1)
  const failed = bars.filter((run) => run.status === 'FAILED').length
  return (
    <figure className="tm-runs-chart">
      <svg
        viewBox={`0 0 ${50 * STEP} ${HEIGHT}`}
        height={HEIGHT}
        preserveAspectRatio="xMinYMax"
        role="img"
        aria-label={`The last ${count(bars.length)} refreshes; the longest took ${duration(longest)}, ${count(failed)} failed`}
      >
        {bars.map((run, index) => {
          const height = Math.max(3, (Number(run.durationMs) / longest) * (HEIGHT - 4))
          return (
            <rect key={run.id} data-status={run.status} x={index * STEP + 2} y={HEIGHT - height} width={STEP - 4} height={height} rx={2}>
              <title>{`${relative(run.startedAt)}: ${duration(Number(run.durationMs))}${run.error ? `, failed: ${run.error}` : `, ${count(run.rowCount)} rows`}`}</title>
            </rect>
          )
        })}
      </svg>
      <figcaption className="tm-dim tm-small">
        Duration of the last {count(bars.length)} refreshes, the longest {duration(longest)}
        {failed > 0 && `; ${count(failed)} failed (red, outlined)`}
      </figcaption>
    </figure>
  )
}
