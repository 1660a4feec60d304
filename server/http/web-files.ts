/**
 * The web app's files, and its first page for every address that is a screen. Last before the 404 in app.ts.
 *
 * Files under /assets carry a hash in their names and are kept for a year; the page itself is asked for anew each time.
 * It carries what the page must know before it asks anything: which hosts' pictures it may show (headers.ts).
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import express, { Router } from 'express'

export function webFiles(root: string, imageHosts: readonly string[] = []): Router {
  const page = path.join(root, 'index.html')
  const router = Router()
  router.use('/assets', express.static(path.join(root, 'assets'), { immutable: true, maxAge: '365d', fallthrough: false }))
  router.use(express.static(root, { index: false, maxAge: '1h' }))
  router.get(/^\/(?!api\/|rest\/|auth\/|graphql|events|export\/).*$/, async (request, response, next) => {
    // a screen is asked for by a browser; a missing file or a program's wrong address gets the error it deserves
    if (!request.accepts(['html', 'json']) || request.accepts(['json', 'html']) === 'json') return next()
    // Under /w/ there are no files: a table or a key may well end in .txt or .25
    if (!request.path.startsWith('/w/') && /\.\w{2,5}$/.test(request.path)) return next()
    const html = await readFile(page, 'utf8').catch(() => null)
    if (html === null) return void response.status(503).type('text').send('The web app is not built: run `npm start`.')
    const known = `<meta name="tidemark-image-hosts" content="${imageHosts.join(' ')}" />` // hosts only: config.ts has looked
    response
      .set('Cache-Control', 'no-cache')
      .type('html')
      .send(html.replace('<head>', `<head>\n    ${known}`))
  })
  return router
}
