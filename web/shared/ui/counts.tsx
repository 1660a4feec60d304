// What a refresh brought: +came ~changed −went, in fixed columns so that a list of them lines up. Nothing is grey, something is coloured.
import { count } from '../format/text.ts'
import './counts.css'

interface Props {
  of: { inserted: string | null; updated: string | null; deleted: string | null }
}
const PARTS = [
  ['inserted', '+', 'came', 'ok'],
  ['updated', '~', 'changed', 'info'],
  ['deleted', '−', 'went', 'bad'],
] as const

export function Counts({ of }: Props) {
  return (
    <span className="tm-counts">
      {PARTS.map(([part, sign, word, tone]) => (
        <span key={part} data-tone={Number(of[part]) ? tone : undefined}>
          <span aria-hidden>{sign}</span>
          {count(Number(of[part] ?? 0))} <span className="tm-visually-hidden">{word}</span>
        </span>
      ))}
    </span>
  )
}
