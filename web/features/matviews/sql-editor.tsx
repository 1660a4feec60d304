// The editor of a definition, with its code loaded when it is first shown. Called by view-form.tsx.
import { Skeleton } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { SqlEditorProps } from './code-mirror.tsx'

const CodeMirror = lazy(() => import('./code-mirror.tsx'))

export function SqlEditor(props: SqlEditorProps) {
  return (
    <Suspense fallback={<Skeleton height={170} radius="md" />}>
      <CodeMirror {...props} />
    </Suspense>
  )
}
