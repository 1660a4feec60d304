/**
 * The pages before the app: sign in, set up, join. Plain HTML with plain forms, so that they work without JavaScript and
 * under the strictest policy: no inline script, no inline style. Called by routes.ts; writes nothing.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { ErrorBody } from '../errors.ts'
import { type Html, html } from './html.ts'

export const STYLE_PATH = '/auth/style.css'
export const style = readFileSync(path.join(import.meta.dirname, 'pages.css'), 'utf8')

type Problem = Pick<ErrorBody, 'message' | 'hint'> | null
type Values = Record<string, unknown>

const page = (title: string, body: Html) => `<!doctype html>
${
  html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Tidemark</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<main>
<p class="brand"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M2 20c4 0 4-4 8-4s4 4 8 4 4-4 8-4 4 2 4 2"/><path d="M2 26c4 0 4-4 8-4s4 4 8 4 4-4 8-4 4 2 4 2"/><path d="M6 10h20"/></svg>Tidemark</p>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.text
}`

const told = (problem: Problem) =>
  problem && html`<p class="problem" role="alert"><strong>${problem.message}</strong>${problem.hint ? html` ${problem.hint}` : ''}</p>`

interface Field {
  name: string
  label: string
  type: 'text' | 'email' | 'password'
  autocomplete: string
  hint?: string
  first?: boolean
  value?: unknown
}

const field = ({ name, label, type, autocomplete, hint, first, value }: Field) => html`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required${first ? html` autofocus` : ''}${
  autocomplete === 'new-password' ? html` minlength="10"` : ''
}${type === 'password' ? '' : html` value="${value ?? ''}"`}${hint ? html` aria-describedby="${name}-hint"` : ''}>
${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ''}`

const hidden = (name: string, value: unknown) => html`<input type="hidden" name="${name}" value="${value}">`

const newcomer = (values: Values, email?: string | null) => html`${field({
  name: 'name',
  label: 'Your name',
  type: 'text',
  autocomplete: 'name',
  first: true,
  value: values.name,
})}
${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', value: values.email ?? email })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', hint: 'At least 10 characters. Four random words are good.' })}`

export const loginPage = ({
  next = '/',
  email = '',
  problem = null,
  sent = false,
}: {
  next?: string
  email?: unknown
  problem?: Problem
  sent?: boolean
}) =>
  page(
    'Sign in',
    html`${told(problem)}
${sent ? html`<p class="done" role="status">If there is an account with this address, its sign-in link is with whoever runs this server. It works once, within the hour.</p>` : ''}
<form method="post" action="/auth/login">
${hidden('next', next)}
${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', first: true, value: email })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' })}
<button type="submit">Sign in</button>
</form>
<details${problem ? html` open` : ''}>
<summary>Forgot the password?</summary>
<form method="post" action="/auth/sign-in-link">
<label for="link-email">E-mail address</label>
<input id="link-email" name="email" type="email" autocomplete="username" required value="${email}">
<button type="submit" class="quiet">Ask for a sign-in link</button>
</form>
</details>`,
  )

export const setupPage = ({ token, values = {}, problem = null }: { token: unknown; values?: Values; problem?: Problem }) =>
  page(
    'Set up Tidemark',
    html`<p>You are the first one here. This account owns the workspace <b>main</b> and can invite others.</p>
${told(problem)}
<form method="post" action="/setup">
${hidden('token', token)}
${newcomer(values)}
<button type="submit">Create the account</button>
</form>`,
  )

interface Invite {
  name: string
  role: string
  email: string | null
  invitedBy: string | null
}

export function invitePage({
  secret,
  invite,
  signedInAs,
  values = {},
  problem = null,
}: {
  secret: string
  invite: Invite
  signedInAs: string | null
  values?: Values
  problem?: Problem
}) {
  const who = html`<p>${invite.invitedBy ?? 'Somebody'} invites you to the workspace <b>${invite.name}</b> as ${invite.role === 'reader' ? 'a reader' : invite.role === 'owner' ? 'an owner' : 'an editor'}.</p>`
  if (signedInAs !== null)
    return page(
      'Join a workspace',
      html`${who}${told(problem)}
<form method="post" action="/auth/join">
${hidden('invite', secret)}
<button type="submit">Join as ${signedInAs}</button>
</form>`,
    )
  return page(
    'Join a workspace',
    html`${who}${told(problem)}
<form method="post" action="/auth/join">
${hidden('invite', secret)}
${newcomer(values, invite.email)}
<button type="submit">Create an account and join</button>
</form>
<p class="hint">You have an account? <a href="/login?next=${encodeURIComponent(`/invite/${secret}`)}">Sign in first</a>.</p>`,
  )
}

/** A button, because a mail program or a chat that looks at the link must not use it up. */
export const signInLinkPage = (link: string) =>
  page(
    'Sign in',
    html`<form method="post" action="/auth/sign-in">
${hidden('link', link)}
<button type="submit" autofocus>Sign in with this link</button>
</form>`,
  )

export const goneLinkPage = (problem: NonNullable<Problem>) =>
  page('This link is no longer good', html`${told(problem)}<p><a href="/login">Sign in</a></p>`)
