// Lines to paste need a token. This makes one that only reads, on request, and fills it in while the page is open; it is shown
// in the lines only, and listed (and revoked) under Tokens like any other. Called by the events and API screens.
import { Button } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { useWorkspace } from '../api/session.ts'
import { useChange } from '../api/use-change.ts'
import { AppLink } from './app-link.tsx'
import { Problem } from './states.tsx'

const CREATE = 'mutation Create($input: CreateApiTokenInput!) { createApiToken(input: $input) { newApiToken { secret } } }'
const THIRTY_DAYS_MS = 30 * 86_400_000

/** @returns `token` as it goes into a line of shell, and the sentence with the button. */
export function useTokenFill(what: string): { token: string; fill: ReactNode } {
  const workspace = useWorkspace()
  const [secret, setSecret] = useState<string | null>(null)
  const create = useChange<{ createApiToken: { newApiToken: { secret: string } } }>(CREATE, (made) =>
    setSecret(made.createApiToken.newApiToken.secret),
  )
  const list = (
    <AppLink to="/w/$workspace/tokens" params={{ workspace }}>
      Tokens
    </AppLink>
  )
  const fill = (
    <div className="tm-token-fill">
      {secret ? (
        <p role="status">A token that reads for 30 days is filled in. It is not shown again; revoke it under {list}.</p>
      ) : (
        <>
          <p>
            The lines take the token from <code>$TIDEMARK_TOKEN</code>; make one under {list}, or
          </p>
          <Button
            variant="default"
            leftSection={<IconKey size={14} aria-hidden />}
            loading={create.isPending}
            onClick={() =>
              create.mutate({ name: `For ${what}`, role: 'READER', expiresAt: new Date(Date.now() + THIRTY_DAYS_MS).toISOString() })
            }
          >
            Fill in a new token
          </Button>
        </>
      )}
      {create.error && <Problem error={create.error} compact />}
    </div>
  )
  return { token: secret ?? '$TIDEMARK_TOKEN', fill }
}
