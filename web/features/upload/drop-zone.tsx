// The whole window takes files, on every page; and text that was copied as a table (a sheet, a CSV).
import { IconFileUpload } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { notifications } from '@mantine/notifications'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { useUploads } from './uploads.tsx'
import './upload.css'

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false

export function DropZone() {
  const workspace = useWorkspace()
  const role = useRole()
  const { choose } = useUploads()
  const navigate = useNavigate()
  const [over, setOver] = useState(false)
  const depth = useRef(0)

  useEffect(() => {
    const take = (file: File | undefined) => {
      if (!file) return
      if (role === 'reader')
        return notifications.show({
          color: 'red',
          title: 'You may read here, not import',
          message: 'Ask an owner of the workspace to make you an editor.',
        })
      choose(file)
      void navigate({ to: '/w/$workspace/import', params: { workspace } })
    }
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth.current++
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return
      depth.current = Math.max(0, depth.current - 1)
      if (depth.current === 0) setOver(false)
    }
    const hover = (event: DragEvent) => hasFiles(event) && event.preventDefault()
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth.current = 0
      setOver(false)
      take(event.dataTransfer?.files[0])
    }
    const paste = (event: ClipboardEvent) => {
      const target = event.target as HTMLElement | null
      if (event.defaultPrevented || target?.closest?.('input, textarea, [contenteditable="true"], .cm-editor, [role=grid]')) return
      const file = event.clipboardData?.files[0]
      if (file) return take(file)
      const text = event.clipboardData?.getData('text/plain') ?? ''
      if (text.split('\n').filter(Boolean).length >= 2 && /[\t,;|]/.test(text)) take(new File([text], 'pasted.csv', { type: 'text/csv' }))
    }
    window.addEventListener('dragenter', enter)
    window.addEventListener('dragleave', leave)
    window.addEventListener('dragover', hover)
    window.addEventListener('drop', drop)
    window.addEventListener('paste', paste)
    return () => {
      window.removeEventListener('dragenter', enter)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('dragover', hover)
      window.removeEventListener('drop', drop)
      window.removeEventListener('paste', paste)
    }
  }, [choose, navigate, role, workspace])

  if (!over) return null
  return (
    <div className="tm-drop-over" role="status">
      <div>
        <IconFileUpload size={40} stroke={1.4} aria-hidden />
        <p>Drop it to import</p>
      </div>
    </div>
  )
}
