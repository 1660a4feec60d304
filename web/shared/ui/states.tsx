// What a page shows when there is nothing, when it waits, and when it failed: always with what to do next.
import { Button, Skeleton } from '@mantine/core'
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { ApiError } from '../api/request.ts'
import './states.css'

export function Empty({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: ComponentType<{ size?: number; stroke?: number }>
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="tm-empty">
      <span className="tm-empty-icon" aria-hidden>
        <Icon size={22} stroke={1.6} />
      </span>
      <h2>{title}</h2>
      {children && <div className="tm-empty-text">{children}</div>}
      {action}
    </div>
  )
}

/** An error in words: what happened, what to do, and the code for who asks. */
export function Problem({ error, retry, compact }: { error: unknown; retry?: () => void; compact?: boolean }) {
  const { message, hint, code, detail } =
    error instanceof ApiError
      ? error
      : { message: (error as Error)?.message ?? 'Something failed', hint: 'Try again.', code: '', detail: null }
  return (
    <div className="tm-problem" role="alert" data-compact={compact || undefined}>
      <IconAlertTriangle size={18} stroke={1.8} aria-hidden />
      <div>
        <p className="tm-problem-what">{message}</p>
        {hint && <p className="tm-problem-hint">{hint}</p>}
        {detail && <p className="tm-problem-hint">{detail}</p>}
        {retry && (
          <Button mt={8} variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={retry}>
            Try again
          </Button>
        )}
      </div>
      {code && <code className="tm-problem-code">{code}</code>}
    </div>
  )
}

/** Grey bars in the shape of what comes: only for a first load, never over data. */
export function Waiting({ lines = 4 }: { lines?: number }) {
  return (
    <div aria-busy="true" aria-label="Loading" role="status" className="tm-waiting">
      {Array.from({ length: lines }, (_, k) => (
        <Skeleton key={k} height={14} width={`${92 - ((k * 17) % 40)}%`} radius="sm" />
      ))}
    </div>
  )
}
