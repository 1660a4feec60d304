// One door to the server: GraphQL over HTTP and plain JSON routes, with one shape of error.
// Called by everything under shared/api and the features; writes nothing.

/** What the server says of every failure: message, and what to do. */
export class ApiError extends Error {
  readonly code: string
  readonly hint: string | null
  readonly detail: string | null
  readonly status: number
  readonly more: Record<string, unknown>
  constructor(
    body: { code?: string; message?: string; hint?: string | null; detail?: string | null; [more: string]: unknown },
    status = 0,
  ) {
    super(body.message || 'Something failed')
    this.name = 'ApiError'
    this.code = body.code ?? 'TMOOP'
    this.hint = body.hint ?? null
    this.detail = body.detail ?? null
    this.status = status
    this.more = body
  }
}

const OFFLINE = {
  code: 'OFFLINE',
  message: 'The server does not answer',
  hint: 'Check the connection. What you see stays; it catches up by itself.',
}

/** @throws ApiError always: a failure of the network too. */
export async function requestJson<T>(path: string, init: RequestInit & { workspace?: string } = {}): Promise<T> {
  const { workspace, headers, ...rest } = init
  let response: Response
  try {
    response = await fetch(path, {
      credentials: 'same-origin',
      ...rest,
      headers: {
        accept: 'application/json',
        ...(rest.body ? { 'content-type': 'application/json' } : {}),
        ...(workspace ? { 'x-workspace': workspace } : {}),
        ...headers,
      },
    })
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error
    throw new ApiError(OFFLINE)
  }
  const text = await response.text()
  let body: unknown = null
  try {
    body = text ? JSON.parse(text) : null
  } catch {
    if (response.ok) throw new ApiError({ message: 'The server answered something unreadable', hint: 'Try again.' }, response.status)
  }
  if (!response.ok) {
    // GraphQL servers answer 4xx with { errors } too.
    const first = (body as { errors?: GraphqlFault[] } | null)?.errors?.[0]
    if (first) throw toApiError(first, response.status)
    throw new ApiError(
      (body as Record<string, unknown> | null) ?? { message: `The server answered ${response.status}`, hint: 'Try again in a moment.' },
      response.status,
    )
  }
  return body as T
}

export interface GraphqlFault {
  message: string
  extensions?: Record<string, unknown>
  path?: readonly (string | number)[]
}

export function toApiError(fault: GraphqlFault, status = 200): ApiError {
  return new ApiError({ ...fault.extensions, message: fault.message }, status)
}

/** Runs a query or mutation in a workspace. @throws ApiError the first error of the answer. */
export async function graphql<T>(workspace: string, query: string, variables?: Record<string, unknown>, signal?: AbortSignal): Promise<T> {
  const answer = await requestJson<{ data?: T; errors?: GraphqlFault[] }>('/graphql', {
    method: 'POST',
    workspace,
    body: JSON.stringify({ query, variables }),
    ...(signal ? { signal } : {}),
  })
  if (answer.errors?.length) throw toApiError(answer.errors[0]!)
  return answer.data as T
}
