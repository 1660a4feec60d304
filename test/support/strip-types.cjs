/**
 * Jest on TypeScript by Node's own type stripping: the tests run exactly the source that the server runs.
 */
const { createHash } = require('node:crypto')
const { stripTypeScriptTypes } = require('node:module')

module.exports = {
  process: (source, path) => ({ code: stripTypeScriptTypes(source, { mode: 'strip', sourceUrl: path }) }),
  getCacheKey: (source, path) => createHash('sha256').update(source).update(path).update(process.version).digest('hex'),
}
