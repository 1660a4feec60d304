/**
 * The web app's files, and its first page for every address that is a screen. Last before the 404 in app.ts.
 *
 * Files under /assets carry a hash in their names and are kept for a year; the page itself is asked for anew each time.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import express, { Router } from 'express'

export function webFiles(root: string): Router {
  const page = path.join(root, 'index.html')
  const router = Router()
  router.use('/assets', express.static(path.join(root, 'assets'), { immutable: true, maxAge: '365d', fallthrough: false }))
  router.use(express.static(root, { index: false, maxAge: '1h' }))
  router.get(/^\/(?!api\/|rest\/|auth\/|graphql|events|export\/).*$/, (request, response, next) => {
    // a screen is asked for by a browser; a missing file or a program's wrong address gets the error it deserves
    if (!request.accepts(['html', 'json']) || request.accepts(['json', 'html']) === 'json' || /\.\w{2,5}$/.test(request.path)) return next()
    if (!existsSync(page)) return void response.status(503).type('text').send('The web app is not built: run `npm start`.')
    response.set('Cache-Control', 'no-cache').sendFile(page)
  })
  return router
}
