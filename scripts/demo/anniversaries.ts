/**
 * "Write to me when somebody's anniversary is today": contacts.csv, a view of those whose day it is, a webhook that gets the rows
 * which came, and a receiver that checks the signature and writes the letters. Called by ../demo.ts.
 *
 * The receiver is thirty lines on this machine; its origin is let through the guard against private addresses for as
 * long as the demo runs.
 */
import http from 'node:http'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { webhookHeaders } from '../../server/webhooks/sign.ts'
import type { Client } from './client.ts'

const TABLE = 'demo_contacts'
const VIEW = 'demo_anniversaries'
const DEFINITION = `select name, email, anniversary, (extract(year from current_date) - extract(year from anniversary))::int as years
  from ${TABLE}
 where notify and extract(month from anniversary) = extract(month from current_date)
   and extract(day from anniversary) = extract(day from current_date)`

interface Message {
  type: string
  data: { id: string; changes: { op: string; new: { name: string; email: string | null; years: number } | null }[] }
}

export async function anniversaries({ url, owner, say, upload, clear, graphql }: Client): Promise<void> {
  await clear(TABLE, VIEW)
  say('POST /upload-file  contacts.csv')
  const contacts = readFileSync(path.join(import.meta.dirname, '../../test/samples/contacts.csv'))
  const made = await upload(TABLE, 'contacts.csv', contacts, { key: 'name' })
  say(`  -> table ${made.table}: ${made.columns.map(({ name, type }) => `${name} ${type}`).join(', ')}; ${made.rows} rows`)
  say(`createMatview ${VIEW}, key name, refreshed every morning at 6 (UTC), announced when its rows change`)
  await graphql(`mutation ($input: CreateMatviewInput!) { createMatview(input: $input) { matview { name } } }`, {
    input: { name: VIEW, definition: DEFINITION, key: ['name'], schedule: '0 6 * * *', notifyWhen: 'CHANGED' },
  })

  let secret = ''
  let arrived = (_: Message) => {}
  const letter = new Promise<Message>((resolve) => (arrived = resolve))
  const receiver = http.createServer(async (request, response) => {
    let body = ''
    for await (const part of request.setEncoding('utf8')) body += part
    const id = String(request.headers['webhook-id'])
    const sent = new Date(Number(request.headers['webhook-timestamp']) * 1000)
    // Any language has a library for this: standardwebhooks.com
    const expected = webhookHeaders(id, body, [secret], sent)['webhook-signature']!
    const fresh = Math.abs(Date.now() - sent.getTime()) < 300_000
    const ours = fresh && String(request.headers['webhook-signature']).split(' ').includes(expected)
    response.writeHead(ours ? 204 : 401).end()
    if (!ours) return
    const message = JSON.parse(body) as Message
    say(`  receiver: ${id} (${message.type}), signature good`)
    arrived(message)
  })
  receiver.listen(0, '127.0.0.1')
  await new Promise((resolve) => receiver.once('listening', resolve))
  const origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  let hook: { id: string; secret: string } | null = null
  try {
    await owner.query('update app_private.settings set private_webhooks = array_append(private_webhooks, $1)', [origin])
    const { createWebhook } = await graphql(
      `mutation ($url: String!, $matview: String!) { createWebhook(input: { url: $url, matview: $matview, name: "demo", withChanges: true }) { newWebhook { id secret } } }`,
      { url: `${origin}/anniversaries`, matview: VIEW },
    )
    hook = createWebhook.newWebhook as { id: string; secret: string }
    secret = hook.secret
    say(`createWebhook ${origin}/anniversaries (its secret is shown once: ${secret.slice(0, 12)}…)`)

    const today = new Date()
    const born = `${today.getUTCFullYear() - 5}${today.toISOString().slice(4, 10)}`.replace(/-02-29$/, '-02-28')
    say('POST /upload-file  one more contact, whose day is today (mode=append); then refreshMatview, as the clock would at 6')
    await upload(TABLE, 'one-more.csv', `name,email,anniversary,notify\nSomebody New,somebody@example.org,${born},true\n`, {
      mode: 'append',
    })
    const { refreshMatview } = await graphql(
      `mutation ($name: String!) { refreshMatview(input: { name: $name }) { event { id inserted } } }`,
      { name: VIEW },
    )
    if (!refreshMatview.event) throw new Error('the refresh changed nothing: is the clock of the database in another day?')
    say(`  -> event #${refreshMatview.event.id}: ${refreshMatview.event.inserted} came`)
    const { data } = await within(10_000, letter)
    for (const { op, new: person } of data.changes)
      if (op === 'insert' && person)
        console.log(`
      To: ${person.name} <${person.email ?? 'no address'}>
      Subject: ${person.years} years

      Dear ${person.name}, ${person.years} years today: congratulations!
`)
    // Our answer is on its way to the sender, which writes it down.
    for (const end = Date.now() + 5000; ; ) {
      const log = await graphql(
        `query ($id: BigInt!) { webhook(id: $id) { deliveries(last: 1) { nodes { status attempts responseStatus durationMs } } } }`,
        { id: hook.id },
      )
      const [delivery] = log.webhook.deliveries.nodes
      if (delivery?.status === 'PENDING' && Date.now() < end) continue
      say(`the delivery log says: ${JSON.stringify(delivery)}`)
      break
    }
    console.log(`\nTable and view are still there: ${url}/w/main/${VIEW}. The webhook was dropped with its receiver.`)
  } finally {
    if (hook) await graphql(`mutation ($id: BigInt!) { dropWebhook(input: { id: $id }) { result } }`, { id: hook.id }).catch(() => {})
    await owner.query('update app_private.settings set private_webhooks = array_remove(private_webhooks, $1)', [origin])
    receiver.close()
    receiver.closeAllConnections()
  }
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no webhook came within ${ms / 1000} s`)), ms).unref()),
  ])
}
