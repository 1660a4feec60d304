/**
 * The headers of a webhook message, by the scheme of Standard Webhooks (standardwebhooks.com). Called by deliver.ts.
 * Receivers check them with that project's library, whatever their language.
 */
import { createHmac } from 'node:crypto'

/**
 * @param id the same whenever this message is sent again
 * @param secrets one signature each: during a rotation the receiver may know either
 */
export function webhookHeaders(id: string, body: string, secrets: string[], at = new Date()): Record<string, string> {
  const seconds = Math.floor(at.getTime() / 1000)
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') }
}
