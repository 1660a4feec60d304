// A part of a page of settings: what it is at the left, what can be set at the right. Called by the settings and people screens.
import type { ReactNode } from 'react'
import './section.css'

export function Section({ title, about, children }: { title: string; about?: ReactNode; children: ReactNode }) {
  return (
    <section className="tm-setting">
      <div>
        <h2 className="tm-section-title">{title}</h2>
        {about && <p className="tm-dim">{about}</p>}
      </div>
      <div className="tm-setting-body">{children}</div>
    </section>
  )
}
