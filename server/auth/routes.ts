/**
 * /auth/*, /setup, /login, /invite/<secret>, /sign-in/<secret>: the door. Mounted by app.ts before everything that needs
 * a caller. Each address answers programs in JSON and forms with a redirect; the pages are in pages.ts.
 *
 * Signing in, up and out is about cookies, so every unsafe request here must come from our own pages (origin.ts). Tokens
 * open no door here but GET /auth/me: an account is managed by the person.
 */
import express, { type NextFunction, type Request, type Response, Router } from 'express'
import { AppError, toResponse } from '../errors.ts'
import type { Identify } from './caller.ts'
import type { SessionCookie } from './cookies.ts'
import type { Direct } from './direct.ts'
import { createSignInLink, type Deliver, linkIsGood } from './links.ts'
import { type Limiter, signInLinkLimits } from './limits.ts'
import { sameSiteOnly } from './origin.ts'
import { goneLinkPage, invitePage, loginPage, setupPage, signInLinkPage, style, STYLE_PATH } from './pages.ts'
import type { People, SignedIn } from './people.ts'
import { done, fields, isForm, localPath } from './reply.ts'
import type { From, Sessions } from './sessions.ts'
import type { Workspaces } from './workspaces.ts'
import type { Pool } from 'pg'

export interface AuthParts {
  owner: Pool
  publicUrl: string | null
  cookie: SessionCookie
  people: People
  sessions: Sessions
  workspaces: Workspaces
  direct: Direct
  limiter: Limiter
  identify: Identify
  deliver: Deliver
}

export function authRoutes(parts: AuthParts): Router {
  const { owner, publicUrl, cookie, people, sessions, limiter, deliver } = parts
  const router = Router()
  const paths = ['/auth', '/setup', '/login', '/invite', '/sign-in']

  router.get(STYLE_PATH, (_request, response) => void response.type('css').set('Cache-Control', 'public, max-age=3600').send(style))
  router.use(paths, (_request, response, next) => {
    response.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin' })
    next()
  })
  router.use(paths, sameSiteOnly(publicUrl), express.json({ limit: '32kb' }), express.urlencoded({ extended: false, limit: '32kb' }))

  const from = (request: Request): From => ({
    ip: (request.ip ?? '').replace(/^::ffff:/, '') || '0.0.0.0',
    userAgent: request.headers['user-agent'],
  })
  const mySession = async (request: Request) => {
    const found = await sessions.find(cookie.read(request.headers))
    if (!found) throw new AppError('TMAUT')
    return found
  }
  const base = (request: Request) => publicUrl ?? `${request.protocol}://${request.headers.host}`

  async function signedIn(request: Request, response: Response, { secret, accountId, workspace }: SignedIn, to = '/', status = 200) {
    if (secret) response.append('Set-Cookie', cookie.write(secret))
    done(request, response, to, { ...(await people.profile(accountId)), workspace }, status)
  }
  /** A form that fails is shown again with the reason, in the status that a program would get. */
  const orShow =
    (
      show: (request: Request, problem: { message: string; hint: string | null }) => string | Promise<string>,
      work: (request: Request, response: Response) => Promise<void>,
    ) =>
    async (request: Request, response: Response, next: NextFunction) => {
      try {
        await work(request, response)
      } catch (error) {
        const { status, body, internal } = toResponse(error)
        if (internal || !isForm(request)) return next(error)
        response
          .status(status)
          .type('html')
          .send(await show(request, body))
      }
    }

  // Sign in
  router.get('/login', (request, response) => {
    response.type('html').send(loginPage({ next: localPath(request.query.next), sent: request.query.sent !== undefined }))
  })
  router.post(
    '/auth/login',
    orShow(
      ({ body }, problem) => loginPage({ next: localPath(body.next), email: body.email, problem }),
      async (request, response) => {
        const { email, password } = fields(request, 'email', 'password')
        await signedIn(
          request,
          response,
          await people.signIn(email, password, from(request), cookie.read(request.headers)),
          localPath(request.body.next),
        )
      },
    ),
  )
  router.post(
    '/auth/sign-in-link',
    orShow(
      ({ body }, problem) => loginPage({ email: body.email, problem }),
      async (request, response) => {
        const { email } = fields(request, 'email')
        await limiter.count(signInLinkLimits(email, from(request).ip))
        const url = await createSignInLink(owner, base(request), email)
        if (url) await deliver({ email, url })
        done(request, response, '/login?sent', { sent: true }, 202) // the same whether there is such an account or not
      },
    ),
  )
  router.get('/sign-in/:link', async (request, response) => {
    if (await linkIsGood(owner, 'sign_in', request.params.link)) return void response.type('html').send(signInLinkPage(request.params.link))
    response
      .status(410)
      .type('html')
      .send(goneLinkPage({ message: 'A sign-in link works once, within the hour.', hint: null }))
  })
  router.post(
    '/auth/sign-in',
    orShow(
      (_request, problem) => goneLinkPage(problem),
      async (request, response) => {
        const { link } = fields(request, 'link')
        await signedIn(request, response, await people.signInByLink(link, from(request), cookie.read(request.headers)))
      },
    ),
  )

  // The first account
  router.get('/setup', async (request, response) => {
    const { token } = request.query
    if (await linkIsGood(owner, 'setup', token)) return void response.type('html').send(setupPage({ token }))
    response
      .status(410)
      .type('html')
      .send(
        goneLinkPage({
          message: 'A set-up link works once, within the hour, and only while there is no account.',
          hint: 'The server prints a new one when it starts.',
        }),
      )
  })
  router.post(
    '/setup',
    orShow(
      ({ body }, problem) => setupPage({ token: body.token, values: body, problem }),
      async (request, response) => {
        const { token, email, name, password } = fields(request, 'token', 'email', 'name', 'password')
        await signedIn(request, response, await people.setUp(token, { email, name, password }, from(request)), '/', 201)
      },
    ),
  )

  // Join by an invite
  const showInvite = async (request: Request, secret: string, problem: { message: string; hint: string | null } | null) => {
    const invite = await people.invite(secret)
    if (!invite) return null
    const me = await sessions.find(cookie.read(request.headers))
    const signedInAs = me ? String((await people.profile(me.accountId)).account.email) : null
    return invitePage({ secret, invite, signedInAs, values: problem ? request.body : {}, problem })
  }
  const goneInvite = () =>
    goneLinkPage({ message: 'An invite works once, within seven days.', hint: 'Ask an owner of the workspace for a new one.' })
  router.get('/invite/:secret', async (request, response) => {
    const shown = await showInvite(request, request.params.secret, null)
    response
      .status(shown ? 200 : 410)
      .type('html')
      .send(shown ?? goneInvite())
  })
  router.post(
    '/auth/join',
    orShow(
      async (request, problem) => (await showInvite(request, request.body.invite, problem)) ?? goneInvite(),
      async (request, response) => {
        const { invite } = fields(request, 'invite')
        const me = request.body.password === undefined ? await sessions.find(cookie.read(request.headers)) : null
        const who = me ? { accountId: me.accountId } : fields(request, 'email', 'name', 'password')
        const joined = await people.join(invite, who, from(request))
        await signedIn(request, response, joined, `/w/${joined.workspace}`, me ? 200 : 201)
      },
    ),
  )

  // Oneself
  router.get('/auth/me', async (request, response) => {
    if (request.headers.authorization !== undefined) {
      const caller = await parts.identify(request)
      return void response.json({
        account: null,
        workspaces: [{ id: caller.workspace, role: caller.memberRole }],
        token_id: caller.tokenId,
      })
    }
    const { accountId, sessionId } = await mySession(request)
    response.json({ ...(await people.profile(accountId)), session_id: sessionId })
  })
  router.patch('/auth/me', async (request, response) => {
    const { accountId } = await mySession(request)
    await people.setDefaultWorkspace(accountId, fields(request, 'default_workspace').default_workspace)
    response.json(await people.profile(accountId))
  })
  router.post('/auth/password', async (request, response) => {
    const { accountId, sessionId } = await mySession(request)
    const { next } = fields(request, 'next')
    await people.changePassword(accountId, sessionId, String(request.body.current ?? ''), next, from(request))
    done(request, response, '/', undefined)
  })
  router.post('/auth/logout', async (request, response) => {
    const me = await sessions.find(cookie.read(request.headers))
    if (me) await sessions.end(me.accountId, me.sessionId)
    response.append('Set-Cookie', cookie.clear())
    done(request, response, '/login', undefined)
  })
  router.post('/auth/logout-everywhere', async (request, response) => {
    const { accountId } = await mySession(request)
    const ended = await sessions.endAll(accountId, null)
    response.append('Set-Cookie', cookie.clear())
    done(request, response, '/login', { ended })
  })
  router.get('/auth/sessions', async (request, response) => {
    const { accountId, sessionId } = await mySession(request)
    response.json((await sessions.list(accountId)).map((one) => ({ ...one, current: one.id === sessionId })))
  })
  router.delete('/auth/sessions/:id', async (request, response) => {
    const { accountId } = await mySession(request)
    if (!(await sessions.end(accountId, request.params.id))) throw new AppError('TMNOF', 'There is no such session')
    response.status(204).end()
  })
  router.use(
    '/auth/workspaces',
    workspaceRoutes(parts, async (request) => (await mySession(request)).accountId),
  )
  return router
}

/** Workspaces as a whole: what needs roles made or dropped, and is therefore no function of GraphQL. */
function workspaceRoutes({ workspaces, direct, people }: AuthParts, whoAsks: (request: Request) => Promise<string>): Router {
  const router = Router()
  router.post('/', async (request, response) => {
    const accountId = await whoAsks(request)
    const { id, name } = fields(request, 'id', 'name')
    await workspaces.create(accountId, id, name)
    response.status(201).json((await people.profile(accountId)).workspaces.find((one) => one.id === id))
  })
  router.delete('/:id', async (request, response) => {
    const accountId = await whoAsks(request)
    await workspaces.assertOwner(accountId, request.params.id)
    if (request.body?.confirm !== request.params.id)
      throw new AppError('TMARG', 'Dropping a workspace destroys all that is in it', {
        hint: `To confirm, send { "confirm": "${request.params.id}" }.`,
      })
    await workspaces.drop(accountId, request.params.id)
    response.status(204).end()
  })
  router.post('/:id/restore', async (request, response) => {
    await workspaces.restore(await whoAsks(request), request.params.id)
    response.status(204).end()
  })
  router.get('/:id/direct', async (request, response) => {
    response.json(await direct.list(await whoAsks(request), request.params.id))
  })
  router.put('/:id/direct', async (request, response) => {
    response.status(201).json(await direct.on(await whoAsks(request), request.params.id, request.body?.read_only !== false))
  })
  router.delete('/:id/direct', async (request, response) => {
    const off = await direct.off(await whoAsks(request), request.params.id, request.query.read_only !== 'false')
    if (!off) throw new AppError('TMNOF', 'This direct login is not switched on')
    response.status(204).end()
  })
  return router
}
