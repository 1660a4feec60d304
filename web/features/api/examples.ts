// The lines to paste of the API page. Pure; called by api-screen.tsx.
import type { Relation } from '../../shared/api/catalog.ts'

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const TOKEN = '-H "Authorization: Bearer $TIDEMARK_TOKEN"'

export function examplesOf(server: string, relation: Relation | undefined): { title: string; text: string }[] {
  const examples = [{ title: 'Upload a CSV file', text: `curl -F file=@data.csv ${TOKEN} ${server}/upload-file` }]
  if (relation?.api) {
    const name = encodeURIComponent(relation.name)
    const fields = relation.columns.flatMap(({ field }) => (field ? [field] : [])).slice(0, 6)
    const chosen = fields.length ? fields.join(' ') : '__typename'
    const query = `{ ${relation.api.list}(first: 10) { totalCount nodes { ${chosen} } } }`
    examples.push(
      {
        title: 'Query (GraphQL)',
        text: `curl ${server}/graphql ${TOKEN} -H 'content-type: application/json' \\\n  -d ${quoted(JSON.stringify({ query }))}`,
      },
      {
        title: 'Subscribe: the first rows, and again whenever they change (graphql-ws)',
        text: `subscription { ${relation.api.live}(first: 10) { nodes { ${chosen} } } }`,
      },
      { title: 'Read as JSON (REST)', text: `curl ${TOKEN} ${quoted(`${server}/rest/${name}?limit=10`)}` },
      { title: 'Read as CSV (REST)', text: `curl ${TOKEN} -H 'Accept: text/csv' ${quoted(`${server}/rest/${name}`)} > data.csv` },
    )
  }
  examples.push(
    { title: 'Hear every refresh (server-sent events)', text: `curl -N ${TOKEN} ${server}/events` },
    { title: 'Hear every refresh on this machine', text: 'npm run listen -- matview_refresh_channel' },
  )
  return examples
}
