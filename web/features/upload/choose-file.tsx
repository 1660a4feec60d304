// The visible drop zone: drop, choose, paste, or try the sample.
import { Button } from '@mantine/core'
import { IconFileTypeCsv, IconUpload } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { sampleFile } from './sample.ts'
import { useUploads } from './uploads.tsx'

export function ChooseFile({ compact = false }: { compact?: boolean }) {
  const workspace = useWorkspace()
  const { choose } = useUploads()
  const navigate = useNavigate()
  const input = useRef<HTMLInputElement>(null)
  const take = (file: File | undefined) => {
    if (!file) return
    choose(file)
    void navigate({ to: '/w/$workspace/import', params: { workspace } })
  }
  return (
    <section className="tm-choose" data-compact={compact || undefined} aria-label="Import a file">
      <span className="tm-choose-icon" aria-hidden>
        <IconFileTypeCsv size={compact ? 26 : 34} stroke={1.4} />
      </span>
      <div className="tm-choose-words">
        <h2>Drop a CSV file anywhere</h2>
        <p>It becomes a typed table while it streams in. Any size, any delimiter; gzip too. You can also paste rows with Ctrl+V.</p>
      </div>
      <div className="tm-choose-actions">
        <Button size="sm" leftSection={<IconUpload size={16} aria-hidden />} onClick={() => input.current?.click()}>
          Choose a file
        </Button>
        <Button size="sm" variant="default" onClick={() => take(sampleFile())}>
          Try the sample
        </Button>
      </div>
      <input
        ref={input}
        type="file"
        className="tm-visually-hidden"
        tabIndex={-1}
        aria-label="CSV file"
        accept=".csv,.tsv,.txt,.gz,text/csv,text/tab-separated-values"
        onChange={(event) => (take(event.currentTarget.files?.[0]), (event.currentTarget.value = ''))}
      />
    </section>
  )
}
