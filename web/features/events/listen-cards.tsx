// How to hear the same events elsewhere, ready to paste, filled in with the view that is looked at.
import { useWorkspace } from '../../shared/api/session.ts'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { AppLink } from '../../shared/ui/app-link.tsx'

const shell = (text: string) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

export function ListenCards({ matview }: { matview: string | undefined }) {
  const workspace = useWorkspace()
  const only = matview ? `\n    AND matview_name = ${literal(matview)}` : ''
  const psql = `LISTEN matview_refresh_channel;
-- each notification is the id of an event; the log says what it was:
SELECT * FROM app_public.matview_refresh_events
  WHERE workspace = ${literal(workspace)}${only}
  ORDER BY id DESC LIMIT 10;`
  const cli = `npm run listen -- matview_refresh_channel${workspace === 'main' ? '' : ` --workspace ${shell(workspace)}`}${
    matview ? ` --matview ${shell(matview)}` : ''
  } --cursor ./cursor`
  const curl = `curl -N -H "Authorization: Bearer $TIDEMARK_TOKEN" \\
  ${shell(`${location.origin}/events?changes=1${matview ? `&matview=${encodeURIComponent(matview)}` : ''}`)}`
  const graphql = `subscription {
  matviewRefreshed${matview ? `(matview: ${JSON.stringify(matview)})` : ''} {
    event { id matviewName status inserted updated deleted error }
    changes { op key old new }
  }
}`
  return (
    <section className="tm-section">
      <h2 className="tm-section-title">Listen to {matview ?? 'these'}</h2>
      <p className="tm-prose">
        All of them tell the same ids. Remember the last one that you handled and go on after it: nothing is missed. Programs need a{' '}
        <AppLink to="/w/$workspace/tokens" params={{ workspace }}>
          token
        </AppLink>
        ; or let Tidemark call you, with a{' '}
        <AppLink to="/w/$workspace/webhooks" params={{ workspace }}>
          webhook
        </AppLink>
        .
      </p>
      <div className="tm-listen">
        <CopyCard title="On this machine" label="command for the machine" text={cli} />
        <CopyCard title="From anywhere (server-sent events)" label="curl command" text={curl} />
        <CopyCard title="psql" label="SQL" text={psql} />
        <CopyCard title="GraphQL subscription" label="subscription" text={graphql} />
      </div>
    </section>
  )
}
