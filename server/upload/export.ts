import type { RequestHandler } from 'express'
import type { UploadDependencies } from './route.ts'
export function exportRoute(_deps: UploadDependencies): RequestHandler { return (_q, res) => { res.status(501).end() } }
