// Settings: what this browser keeps, and the account: password, sessions.
import { useSession } from '../../shared/api/session.ts'
import { Appearance } from './appearance.tsx'
import { ChangePassword } from './change-password.tsx'
import { Sessions } from './sessions.tsx'

export function SettingsScreen() {
  const { account } = useSession()
  return (
    <div className="tm-page tm-settings">
      <title>Settings · Tidemark</title>
      <div className="tm-page-head">
        <h1>Settings</h1>
        <span className="tm-dim">
          {account.name} · {account.email}
        </span>
      </div>
      <Appearance />
      <ChangePassword />
      <Sessions />
    </div>
  )
}
