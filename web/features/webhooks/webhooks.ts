// Webhooks as the API tells and changes them. Called by the screens of this folder.
import { queryOptions } from '@tanstack/react-query'
import { graphql } from '../../shared/api/request.ts'

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

const LIST = `{ webhooks(first: 200, orderBy: [ID_ASC]) { nodes { id name url matview withChanges state problem lastDeliveredAt lastEventId } } }`
const DELIVERIES = `query Deliveries($webhook: BigInt!, $first: Int!) {
  deliveries(filter: { webhookId: { equalTo: $webhook } }, orderBy: [ID_DESC], first: $first) {
    pageInfo { hasNextPage }
    nodes { id eventId messageId reason status attempts createdAt durationMs responseStatus error }
  }
}`
const ATTEMPTS = `query Attempts($delivery: BigInt!) {
  deliveryAttempts(filter: { deliveryId: { equalTo: $delivery } }, orderBy: [ATTEMPT_DESC], first: 20) {
    nodes { attempt startedAt durationMs requestHeaders requestBody responseStatus responseBody error }
  }
}`

/** All of a workspace's questions begin with ['webhooks', workspace], so that one change asks all of them anew. */
export const webhooksQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['webhooks', workspace],
    queryFn: async () => (await graphql<{ webhooks: { nodes: Webhook[] } }>(workspace, LIST)).webhooks.nodes,
    refetchInterval: 10_000,
  })
export const deliveriesQuery = (workspace: string, webhook: string, first: number) =>
  queryOptions({
    queryKey: ['webhooks', workspace, 'deliveries', webhook, first],
    queryFn: async () =>
      (await graphql<{ deliveries: { nodes: Delivery[]; pageInfo: { hasNextPage: boolean } } }>(workspace, DELIVERIES, { webhook, first }))
        .deliveries,
    refetchInterval: 3_000,
  })
export const attemptsQuery = (workspace: string, delivery: string) =>
  queryOptions({
    queryKey: ['webhooks', workspace, 'attempts', delivery],
    queryFn: async () =>
      (await graphql<{ deliveryAttempts: { nodes: Attempt[] } }>(workspace, ATTEMPTS, { delivery })).deliveryAttempts.nodes,
  })

export const CREATE = 'mutation Create($input: CreateWebhookInput!) { createWebhook(input: $input) { newWebhook { id name secret } } }'
export const ROTATE =
  'mutation Rotate($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) { newWebhook { id name secret } } }'
export const PAUSE = 'mutation Pause($input: PauseWebhookInput!) { pauseWebhook(input: $input) { webhook { id } } }'
export const ENABLE = 'mutation Enable($input: EnableWebhookInput!) { enableWebhook(input: $input) { webhook { id } } }'
export const DROP = 'mutation Drop($input: DropWebhookInput!) { dropWebhook(input: $input) { result } }'
export const TEST = 'mutation Test($input: TestWebhookInput!) { testWebhook(input: $input) { delivery { id } } }'
export const RESEND = 'mutation Resend($input: ResendDeliveryInput!) { resendDelivery(input: $input) { delivery { id } } }'
export const REPLAY = 'mutation Replay($input: ReplayWebhookInput!) { replayWebhook(input: $input) { webhookReplay { queued complete } } }'
