/**
 * Runs migrations/current again at every change of it or of a fixture. Called by dev.mjs, with the admin's URL in
 * DATABASE_URL. Writes the database.
 */
import path from 'node:path'
import { defaultLogger, watch } from 'graphile-migrate'
import { urlFor } from '../../server/db.ts'
import { graphileSettings } from '../migrate.ts'

const { DATABASE_URL: adminUrl = '', TIDEMARK_SECRET: secret = '' } = process.env
const folder = path.join(import.meta.dirname, '../../migrations')
await watch(graphileSettings(urlFor(adminUrl, 'app_owner', secret), adminUrl, folder, defaultLogger))
