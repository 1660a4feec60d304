/**
 * Rules of this house that no linter knows. Called by check.mjs. Reads what git tracks or would track.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const MAX_LINES = 300
const MAX_NPM_SCRIPTS = 12
const SOURCE = /^(server|scripts|web|test|migrations\/(fixtures|setup|current))\/.*\.(ts|tsx|mjs|cjs|js|sql|css)$/
/** Names of registries and homes that only one machine has; package-lock.json may name the public registry. */
const MACHINE = [/\/home\/[a-z]+\//, /\/Users\/[A-Za-z]+\//]

/** @returns {string[]} what is wrong */
export function checkRules(root) {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file && existsSync(path.join(root, file)))
  const above = path.dirname(root)
  const machine = [
    ...MACHINE,
    ...[above, os.homedir()].filter((folder) => folder.length > 1).map((folder) => new RegExp(`${quoted(folder)}/`)),
  ]
  const problems = []
  for (const file of files) {
    if (!/\.(ts|tsx|mjs|cjs|js|sql|css|html|md|json|ya?ml|sh|Dockerfile)$|^\.|^\.ci\/run$/.test(file) || file === 'package-lock.json')
      continue
    const text = readFileSync(path.join(root, file), 'utf8')
    const lines = text.split('\n')
    if (SOURCE.test(file) && lines.length - 1 > MAX_LINES) problems.push(`${file}: ${lines.length - 1} lines, more than ${MAX_LINES}`)
    lines.forEach((line, at) => {
      if (file !== 'scripts/check/rules.mjs' && machine.some((one) => one.test(line)))
        problems.push(`${file}:${at + 1}: a path of one machine`)
    })
    if (/^(server|scripts|test)\/.*\.(ts|mjs)$/.test(file) && !/^(#!.*\n)?(\/\*\*|\/\/)/.test(text))
      problems.push(`${file}: begins without a comment that says what it is for`)
  }
  for (const file of files.filter((one) => one.endsWith('.md')))
    for (const [, target] of readFileSync(path.join(root, file), 'utf8').matchAll(/\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!existsSync(path.join(root, path.dirname(file), target))) problems.push(`${file}: links to ${target}, which is not there`)
  const scripts = Object.keys(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).scripts)
  if (scripts.length > MAX_NPM_SCRIPTS)
    problems.push(`package.json: ${scripts.length} scripts, more than ${MAX_NPM_SCRIPTS}: the list is the menu`)
  const { afterReset } = JSON.parse(readFileSync(path.join(root, '.gmrc'), 'utf8'))
  const setup = readdirSync(path.join(root, 'migrations/setup'))
    .filter((name) => Number.parseInt(name, 10) < 50)
    .sort()
  if (String(afterReset) !== String(setup.map((name) => `!setup/${name}`))) problems.push(`.gmrc: afterReset is not ${setup.join(', ')}`)
  return problems
}

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
