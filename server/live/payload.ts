/**
 * One result of a live query, written as JSON once for all who get it. Made by entry.ts; kept by subscriber.ts; sent by
 * graphql/socket.ts as it is.
 *
 * A websocket message also says the id that the client gave its subscription. Most clients count from 1, so the messages of a
 * thousand clients are a handful of buffers.
 */
export interface Payload {
  /** The result as JSON. */
  text: string
  /** The whole message of graphql-transport-ws. */
  messageFor(id: string): Buffer
}

const MAX_KEPT = 8

export function makePayload(text: string): Payload {
  const messages = new Map<string, Buffer>()
  return {
    text,
    messageFor(id) {
      let message = messages.get(id)
      if (!message) {
        message = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":${text}}`)
        if (messages.size < MAX_KEPT) messages.set(id, message)
      }
      return message
    },
  }
}
