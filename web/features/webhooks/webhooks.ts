// Webhooks as the API tells and changes them. Called by the screens of this folder. All of it is live: nothing asks twice.

export interface Webhook {
  id: string
  name: string
  url: string
  matview: string | null
  withChanges: boolean
  state: 'ACTIVE' | 'PAUSED' | 'DISABLED'
  problem: string | null
  lastDeliveredAt: string | null
  lastEventId: string | null
}
export interface Attempt {
  attempt: number
  startedAt: string
  durationMs: string
  requestHeaders: Record<string, string>
  requestBody: string
  responseStatus: number | null
  responseBody: string | null
  error: string | null
}
export interface Delivery {
  id: string
  eventId: string | null
  messageId: string
  reason: 'event' | 'replay' | 'again' | 'test'
  status: 'PENDING' | 'DELIVERED' | 'FAILED'
  attempts: number
  createdAt: string
  durationMs: string | null
  responseStatus: number | null
  error: string | null
}

export const WEBHOOKS = `subscription Webhooks {
  webhooksLive(first: 200, orderBy: [ID_ASC]) { nodes { id name url matview withChanges state problem lastDeliveredAt lastEventId } }
}`
export const DELIVERIES = `subscription Deliveries($webhook: BigInt!, $first: Int!) {
  deliveriesLive(filter: { webhookId: { equalTo: $webhook } }, orderBy: [ID_DESC], first: $first) {
    pageInfo { hasNextPage }
    nodes { id eventId messageId reason status attempts createdAt durationMs responseStatus error }
  }
}`
export const ATTEMPTS = `subscription Attempts($delivery: BigInt!) {
  deliveryAttemptsLive(filter: { deliveryId: { equalTo: $delivery } }, orderBy: [ATTEMPT_DESC], first: 20) {
    nodes { attempt startedAt durationMs requestHeaders requestBody responseStatus responseBody error }
  }
}`

export const CREATE = 'mutation Create($input: CreateWebhookInput!) { createWebhook(input: $input) { newWebhook { id name secret } } }'
export const ROTATE =
  'mutation Rotate($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) { newWebhook { id name secret } } }'
export const PAUSE = 'mutation Pause($input: PauseWebhookInput!) { pauseWebhook(input: $input) { webhook { id } } }'
export const ENABLE = 'mutation Enable($input: EnableWebhookInput!) { enableWebhook(input: $input) { webhook { id } } }'
export const DROP = 'mutation Drop($input: DropWebhookInput!) { dropWebhook(input: $input) { result } }'
export const TEST = 'mutation Test($input: TestWebhookInput!) { testWebhook(input: $input) { delivery { id } } }'
export const RESEND = 'mutation Resend($input: ResendDeliveryInput!) { resendDelivery(input: $input) { delivery { id } } }'
export const REPLAY = 'mutation Replay($input: ReplayWebhookInput!) { replayWebhook(input: $input) { webhookReplay { queued complete } } }'
