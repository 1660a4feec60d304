// The lines that hear the same events elsewhere, ready to paste. Pure; called by listen-cards.tsx, run by test/e2e.
export interface Listening {
  /** The origin of the server. */
  server: string
  workspace: string
  matview: string | undefined
  /** As it goes between double quotes of a shell: a secret, or $TIDEMARK_TOKEN. */
  token: string
}

const shell = (text: string) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

export function listenLines({
  server,
  workspace,
  matview,
  token,
}: Listening): { title: string; about: string; label: string; text: string }[] {
  const only = matview ? `\n    AND matview_name = ${literal(matview)}` : ''
  const subscription = `subscription {
  matviewRefreshed${matview ? `(matview: ${JSON.stringify(matview)})` : ''} {
    event { id matviewName status inserted updated deleted error }
    changes { op key old new }
  }
}`
  return [
    {
      title: 'From anywhere',
      about: 'Server-sent events; with Last-Event-ID or ?after= it goes on where it stopped.',
      label: 'curl command',
      text: `curl -N -H "Authorization: Bearer ${token}" \\
  ${shell(`${server}/events?changes=1${matview ? `&matview=${encodeURIComponent(matview)}` : ''}`)}`,
    },
    {
      title: 'On this machine',
      about: 'Remembers in ./cursor what it has heard, and misses nothing.',
      label: 'command for the machine',
      text: `npm run listen -- matview_refresh_channel${workspace === 'main' ? '' : ` --workspace ${shell(workspace)}`}${
        matview ? ` --matview ${shell(matview)}` : ''
      } --cursor ./cursor`,
    },
    {
      title: 'psql',
      about: 'Each notification is the id of an event; the log says what it was.',
      label: 'SQL',
      text: `LISTEN matview_refresh_channel;
SELECT * FROM app_public.matview_refresh_events
  WHERE workspace = ${literal(workspace)}${only}
  ORDER BY id DESC LIMIT 10;`,
    },
    {
      title: 'GraphQL subscription',
      about: `For any client of graphql-ws, at ${server.replace(/^http/, 'ws')}/graphql; also in GraphiQL.`,
      label: 'subscription',
      text: subscription,
    },
    {
      title: 'Node program',
      about: 'The subscription in twelve lines, without a package (Node 22 or newer).',
      label: 'program',
      text: `node -e '
const socket = new WebSocket("${server.replace(/^http/, 'ws')}/graphql", "graphql-transport-ws")
const send = (message) => socket.send(JSON.stringify(message))
socket.onopen = () => send({ type: "connection_init", payload: { authorization: "Bearer " + process.argv[1] } })
socket.onclose = ({ reason }) => console.error(reason)
socket.onmessage = ({ data }) => {
  const { type, payload } = JSON.parse(data)
  if (type === "connection_ack") send({ id: "1", type: "subscribe", payload: { query: process.argv[2] } })
  else if (type === "ping") send({ type: "pong" })
  else console.log(JSON.stringify(payload?.data ?? payload))
}' "${token}" ${shell(subscription)}`,
    },
    {
      title: 'Webhook',
      about: 'Tidemark calls you, signs what it sends and tries again until you accept. Takes the token of an editor.',
      label: 'webhook command',
      text: `curl ${server}/graphql -H "Authorization: Bearer $TIDEMARK_TOKEN" -H 'content-type: application/json' \\
  -d ${shell(
    JSON.stringify({
      query: 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { newWebhook { id secret } } }',
      variables: { input: { url: 'https://example.com/tidemark', ...(matview ? { matview } : {}) } },
    }),
  )}`,
    },
  ]
}
