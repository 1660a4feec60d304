// How to hear the same events elsewhere: cards to copy, filled in with the view that is looked at and, on request, a token.
import { useWorkspace } from '../../shared/api/session.ts'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { useTokenFill } from '../../shared/ui/token-fill.tsx'
import { listenLines } from './listen-lines.ts'

export function ListenCards({ matview }: { matview: string | undefined }) {
  const workspace = useWorkspace()
  const { token, fill } = useTokenFill(matview ? `listening to ${matview}` : 'listening')
  return (
    <section className="tm-section" id="listen">
      <h2 className="tm-section-title">Listen to {matview ?? 'all of them'} from elsewhere</h2>
      <p className="tm-prose">
        All of them tell the same ids: remember the last one that you handled and go on after it, and nothing is missed.
      </p>
      {fill}
      <div className="tm-listen">
        {listenLines({ server: location.origin, workspace, matview, token }).map(({ title, about, label, text }) => (
          <CopyCard key={title} title={title} about={about} label={label} text={text} />
        ))}
      </div>
    </section>
  )
}
