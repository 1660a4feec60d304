/**
 * The doors through which people's text comes in. Each takes a piece of hostile text and says what came of it. GraphQL's
 * mutations, uploads, REST and the SQL functions are tried over HTTP or as the API calls them; the logins as psql would.
 *
 * A new face of the product is a new entry here, and every attack is tried on it from then on.
 */
import pg from 'pg'
import type { World } from '../support/world.ts'

export interface Outcome {
  refused: boolean
  code: string | null
  /** Everything that came back, for the search for what must not be in it. */
  answer: string
}

export interface Door {
  name: string
  /** sql: the text is run as a statement. definition: as one SELECT. text: it is a name or value, and must stay one. */
  takes: 'sql' | 'definition' | 'text'
  send(text: string): Promise<Outcome>
}

const outcome = (promise: Promise<unknown>): Promise<Outcome> =>
  promise.then(
    (value) => ({ refused: false, code: null, answer: JSON.stringify(value) ?? '' }),
    (error) => ({
      refused: true,
      code: String(error.code ?? ''),
      answer: JSON.stringify({ ...error, message: error.message, hint: error.hint, detail: error.detail, where: undefined }),
    }),
  )

export async function makeDoors(world: World, workspace: string): Promise<{ doors: Door[]; close(): Promise<void> }> {
  const token = await world.token({ workspace, role: 'editor' })
  const sockets: pg.Client[] = []
  async function login(user: string, password?: string) {
    const client = new pg.Client(
      password === undefined
        ? { connectionString: world.db.urlFor(user) }
        : { host: '127.0.0.1', port: Number(new URL(world.db.url).searchParams.get('port')), database: world.db.name, user, password },
    )
    client.on('error', () => {})
    await client.connect()
    sockets.push(client)
    return client
  }
  const statement = async (client: pg.Client, text: string) => {
    await client.query('begin')
    try {
      await client.query(`set local statement_timeout = '400ms'`)
      return (await client.query(text)).rows
    } finally {
      await client.query('rollback')
    }
  }
  const http = async (path: string, init: RequestInit = {}) => {
    const reply = await fetch(world.url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
    const text = await reply.text()
    if (!reply.ok) throw { code: text.match(/"code":\s*"(\w+)"/)?.[1] ?? String(reply.status), message: text, status: reply.status }
    return text
  }
  const own = await login(`ws_${workspace}`)
  const graphql = (query: string, variables: Record<string, unknown>) => outcome(world.graphql(query, variables, token))
  let n = 0

  const doors: Door[] = [
    { name: 'the workspace’s own login', takes: 'sql', send: (text) => outcome(statement(own, text)) },
    {
      name: 'GraphQL previewMatview',
      takes: 'definition',
      send: (text) => graphql('mutation ($d: String!) { previewMatview(input: { definition: $d }) { __typename } }', { d: text }),
    },
    {
      name: 'GraphQL createMatview',
      takes: 'definition',
      send: (text) =>
        graphql('mutation ($d: String!, $n: String!) { createMatview(input: { definition: $d, name: $n }) { matview { id } } }', {
          d: text,
          n: `attack ${n++}`,
        }),
    },
    {
      name: 'GraphQL: name, key and schedule of a view',
      takes: 'text',
      send: (text) =>
        graphql(
          'mutation ($t: String!) { createMatview(input: { definition: "select 1 as a", name: $t, key: [$t], schedule: $t }) { matview { id } } }',
          { t: text },
        ),
    },
    {
      name: 'upload: the table’s name',
      takes: 'text',
      send: (text) =>
        outcome(
          world
            .upload(text, 'a,b\n1,2\n', {}, token)
            .then((reply) => (reply.status < 300 ? reply.body : Promise.reject({ ...reply.body, status: reply.status }))),
        ),
    },
    {
      name: 'upload: header, key, types and cells of the file',
      takes: 'text',
      send: (text) => {
        const cell = `"${text.replaceAll('"', '""')}"`
        const options = { key: text.slice(0, 200), columns: JSON.stringify({ b: { type: text } }) }
        return outcome(
          world
            .upload(`file ${n++}`, `${cell},b\n${cell},2\n`, options, token)
            .then((reply) => (reply.status < 300 ? reply.body : Promise.reject({ ...reply.body, status: reply.status }))),
        )
      },
    },
    { name: 'REST: relation', takes: 'text', send: (text) => outcome(http(`/rest/${encodeURIComponent(text.slice(0, 1500))}`)) },
    {
      name: 'REST: select, order, filter',
      takes: 'text',
      send: (text) => {
        const value = encodeURIComponent(text.slice(0, 1500))
        return outcome(http(`/rest/base?select=${value}&order=${value}&${value}=eq.${value}&a=eq.${value}`))
      },
    },
    {
      name: 'REST: profile',
      takes: 'text',
      send: (text) => outcome(http('/rest/base', { headers: { 'accept-profile': encodeURIComponent(text.slice(0, 1500)) } })),
    },
    {
      name: 'GraphQL: a filter’s value',
      takes: 'text',
      send: (text) =>
        graphql('query ($t: String!) { matviews(filter: { name: { equalTo: $t } }, first: 5) { nodes { name } } }', { t: text }),
    },
  ]
  return {
    doors,
    close: async () => void (await Promise.all(sockets.map((client) => client.end()))),
  }
}

/** The direct login as one more door; made by an owner, so it needs an account. */
export async function directDoor(world: World, workspace: string, password: string): Promise<Door & { close(): Promise<void> }> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(new URL(world.db.url).searchParams.get('port')),
    database: world.db.name,
    user: `ws_${workspace}_direct`,
    password,
  })
  client.on('error', () => {})
  await client.connect()
  return {
    name: 'a direct login',
    takes: 'sql',
    async send(text) {
      await client.query('begin')
      try {
        await client.query(`set local statement_timeout = '400ms'`)
        return await outcome(client.query(text).then(({ rows }) => rows))
      } finally {
        await client.query('rollback')
      }
    },
    close: () => client.end(),
  }
}
