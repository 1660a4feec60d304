// API tokens, as the API tells and changes them. Called by the tokens screen.
import type { Role } from './people.ts'

export interface Token {
  id: string
  accountId: string | null
  role: Role
  name: string
  prefix: string
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
  account: { name: string } | null
}
export const TOKENS = `subscription Tokens {
  apiTokensLive(orderBy: [CREATED_AT_DESC], first: 200) {
    nodes { id accountId role name prefix createdAt expiresAt lastUsedAt account { name } }
  }
}`
export const CREATE_TOKEN = 'mutation Create($input: CreateApiTokenInput!) { createApiToken(input: $input) { newApiToken { secret } } }'
export const REVOKE_TOKEN = 'mutation Revoke($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { result } }'
