// Under the grid: which row is at the top, and the way to another one. Keeps that row itself, so that a scroll draws it alone.
import { useEffect, useState, type RefObject } from 'react'
import { count } from '../../shared/format/text.ts'

interface Props {
  count: number
  exact: boolean
  /** Where the grid tells its top row. */
  place: RefObject<((top: number) => void) | null>
  askRow: () => void
}

export function RelationFoot({ count: total, exact, place, askRow }: Props) {
  const [top, setTop] = useState(0)
  useEffect(() => {
    place.current = setTop
    return () => void (place.current = null)
  }, [place])
  return (
    <footer className="tm-relation-foot">
      <span>{total === 0 ? 'No rows' : `Row ${count(Math.min(top, total - 1) + 1)} of ${exact ? '' : '~'}${count(total)}`}</span>
      {total > 1 && (
        <button type="button" onClick={askRow}>
          Go to row <kbd className="tm-kbd">Ctrl G</kbd>
        </button>
      )}
    </footer>
  )
}
