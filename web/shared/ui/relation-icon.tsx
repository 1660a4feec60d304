// One picture per kind of relation, the same everywhere; the kind is also said in words for who cannot see it.
import { IconDatabaseImport, IconEye, IconStack2, IconTable } from '@tabler/icons-react'
import type { RelationKind } from '../api/catalog.ts'

export const KIND_WORDS: Record<RelationKind, string> = {
  table: 'Table',
  view: 'View',
  matview: 'Materialized view',
  foreign: 'Foreign table',
}
const ICONS = { table: IconTable, view: IconEye, matview: IconStack2, foreign: IconDatabaseImport }

export function RelationIcon({ kind, size = 16 }: { kind: RelationKind; size?: number }) {
  const Icon = ICONS[kind]
  return (
    <span className="tm-relation-icon" data-kind={kind} title={KIND_WORDS[kind]}>
      <Icon size={size} stroke={1.7} aria-hidden />
      <span className="tm-visually-hidden">{KIND_WORDS[kind]}</span>
    </span>
  )
}
