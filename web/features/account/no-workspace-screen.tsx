// Signed in, but in no workspace: make one, or wait for an invite. Called for / when the account has none.
import { Button } from '@mantine/core'
import { signOut, useSession } from '../../shared/api/session.ts'
import { NewWorkspace } from './new-workspace.tsx'
import '../../shared/ui/list.css'

export function NoWorkspaceScreen() {
  const { account } = useSession()
  return (
    <main className="tm-page tm-narrow">
      <title>Tidemark</title>
      <div className="tm-page-head">
        <h1>You are in no workspace</h1>
      </div>
      <p className="tm-prose">Ask an owner for an invite link for {account.email}, or make a workspace of your own.</p>
      <NewWorkspace />
      <Button variant="default" mt={16} onClick={() => void signOut()}>
        Sign out
      </Button>
    </main>
  )
}
