// The lines to paste of the API page. Pure; called by api-screen.tsx.
import type { Relation } from '../../shared/api/catalog.ts'

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** @param token as it goes between double quotes of a shell: a secret, or $TIDEMARK_TOKEN. */
export function examplesOf(server: string, relation: Relation | undefined, token: string): { title: string; text: string }[] {
  const auth = `-H "Authorization: Bearer ${token}"`
  const examples = [
    {
      title: 'Upload a CSV file (the token of an editor)',
      text: `curl -F file=@data.csv -H "Authorization: Bearer $TIDEMARK_TOKEN" ${server}/upload-file`,
    },
  ]
  if (relation?.api) {
    const name = encodeURIComponent(relation.name)
    const fields = relation.columns.flatMap(({ field }) => (field ? [field] : [])).slice(0, 6)
    const chosen = fields.length ? fields.join(' ') : '__typename'
    const query = `{ ${relation.api.list}(first: 10) { totalCount nodes { ${chosen} } } }`
    examples.push(
      {
        title: 'Query (GraphQL)',
        text: `curl ${server}/graphql ${auth} -H 'content-type: application/json' \\\n  -d ${quoted(JSON.stringify({ query }))}`,
      },
      {
        title: 'Subscribe: the first rows, and again whenever they change (graphql-ws)',
        text: `subscription { ${relation.api.live}(first: 10) { nodes { ${chosen} } } }`,
      },
      { title: 'Read as JSON (REST)', text: `curl ${auth} ${quoted(`${server}/rest/${name}?limit=10`)}` },
      { title: 'Read as CSV (REST)', text: `curl ${auth} -H 'Accept: text/csv' ${quoted(`${server}/rest/${name}`)} > data.csv` },
    )
  }
  examples.push(
    { title: 'Hear every refresh (server-sent events)', text: `curl -N ${auth} ${server}/events` },
    { title: 'Hear every refresh on this machine', text: 'npm run listen -- matview_refresh_channel' },
  )
  return examples
}
