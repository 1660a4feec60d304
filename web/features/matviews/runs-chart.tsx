// The last refreshes as two rows of bars, the newest at the right: how long each took, and what it brought (came and changed
// above the line, went below). SVG: fifty bars need no library. Called by matview-screen.tsx; the table below says the same in words.
import { count, duration, relative } from '../../shared/format/text.ts'
import type { Run } from './use-runs.ts'

const MOST = 50
const WIDE = 12
const HALF = 22

export function RunsChart({ runs }: { runs: Run[] }) {
  if (runs.length < 2) return null
  const bars = runs.toReversed()
  const left = (index: number) => (MOST - bars.length + index) * WIDE
  const longest = Math.max(...bars.map((run) => Number(run.durationMs)), 1)
  const most = Math.max(...bars.map((run) => Math.max(Number(run.inserted ?? 0) + Number(run.updated ?? 0), Number(run.deleted ?? 0))), 1)
  const failed = bars.filter((run) => run.status === 'FAILED').length
  const tall = (value: string | null, of: number, height: number) => (Number(value ?? 0) ? Math.max(2, (Number(value) / of) * height) : 0)
  const box = { viewBox: `0 0 ${MOST * WIDE} ${HALF * 2}`, preserveAspectRatio: 'none', role: 'img' } as const
  return (
    <div className="tm-card tm-runs-charts">
      <figure>
        <figcaption>
          <b>Duration</b> <span className="tm-dim">longest {duration(longest)}</span>
          {failed > 0 && <span className="tm-bad"> · {count(failed)} failed</span>}
        </figcaption>
        <svg
          {...box}
          aria-label={`The last ${count(bars.length)} refreshes; the longest took ${duration(longest)}, ${count(failed)} failed`}
        >
          {bars.map((run, index) => {
            const height = Math.max(2, tall(run.durationMs, longest, HALF * 2))
            return (
              <rect key={run.id} data-status={run.status} x={left(index) + 1} y={HALF * 2 - height} width={WIDE - 3} height={height}>
                <title>{`${relative(run.startedAt)}: ${duration(Number(run.durationMs))}${run.error ? `, failed: ${run.error}` : ''}`}</title>
              </rect>
            )
          })}
        </svg>
      </figure>
      <figure>
        <figcaption>
          <b>Rows</b> <span className="tm-dim">came and changed above the line, went below; at most {count(most)}</span>
        </figcaption>
        <svg {...box} aria-label={`Rows that came, changed and went in the last ${count(bars.length)} refreshes, at most ${count(most)}`}>
          <line x1={0} x2={MOST * WIDE} y1={HALF} y2={HALF} />
          {bars.map((run, index) => {
            const came = tall(run.inserted, most, HALF - 1)
            const changed = tall(run.updated, most, HALF - 1)
            return (
              <g key={run.id} transform={`translate(${left(index) + 1} ${HALF})`}>
                <title>{`${relative(run.startedAt)}: +${count(run.inserted ?? 0)} ~${count(run.updated ?? 0)} −${count(run.deleted ?? 0)}`}</title>
                <rect data-part="came" y={-came} width={WIDE - 3} height={came} />
                <rect data-part="changed" y={-came - changed} width={WIDE - 3} height={changed} />
                <rect data-part="went" width={WIDE - 3} height={tall(run.deleted, most, HALF - 1)} />
              </g>
            )
          })}
        </svg>
      </figure>
    </div>
  )
}
