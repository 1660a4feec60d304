/**
 * Reads `.env`. Called first by every command. What the environment says already wins.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** NAME=value lines; `export`, quotes and trailing comments as in a shell; nothing is expanded. */
export function parseEnv(text) {
  const found = {}
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^#]*?))\s*(?:#.*)?$/.exec(line)
    if (match) found[match[1]] = match[2] !== undefined ? match[2].replace(/\\(["\\$])/g, '$1') : (match[3] ?? match[4])
  }
  return found
}

/** Adds the file's settings to `env` (process.env), without replacing any. Empty ones count as absent. */
export function loadEnvFile(root, env = process.env) {
  const file = path.join(root, '.env')
  if (!existsSync(file)) return
  for (const [name, value] of Object.entries(parseEnv(readFileSync(file, 'utf8'))))
    if (env[name] === undefined && value !== '') env[name] = value
}
