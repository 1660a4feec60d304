/**
 * The licences of everything that npm installs: this project is MIT, so what it is made of may be passed on under terms no
 * stricter. Called by check.mjs. Reads package-lock.json, where npm notes each package's licence.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'

const ALLOWED = new Set(
  'MIT MIT-0 ISC 0BSD BSD-2-Clause BSD-3-Clause Apache-2.0 BlueOak-1.0.0 CC0-1.0 CC-BY-3.0 CC-BY-4.0 Unlicense Zlib Python-2.0 OFL-1.1 MPL-2.0 PostgreSQL WTFPL'.split(
    ' ',
  ),
)
/** Read by a person in the packages themselves: what the lock file does not say. */
const KNOWN = { busboy: 'MIT', streamsearch: 'MIT' }

/** An SPDX expression: of an OR one side is enough, of an AND all are needed. */
const isAllowed = (expression) =>
  expression
    .replace(/[()]/g, '')
    .split(/ OR /)
    .some((side) => side.split(/ AND /).every((one) => ALLOWED.has(one.trim())))

/** @returns {string[]} what is wrong */
export function checkLicences(root) {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(packages).flatMap(([place, { license, version, link }]) => {
    if (place === '' || link) return []
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const said = license ?? KNOWN[name]
    if (typeof said === 'string' && isAllowed(said)) return []
    return [`${name} ${version}: ${said ? `licence ${said} is not in the list` : 'names no licence'} (scripts/check/licences.mjs)`]
  })
}
