/**
 * The session cookie: its name, how it is read and written.
 *
 * On https it is `__Host-tidemark`: the browser then insists on Secure, Path=/ and no Domain, so that no sister domain
 * can plant one. On plain http (localhost, a private network) that name would be refused by Safari, so it is `tidemark`
 * there. Which of the two follows from PUBLIC_URL alone, never from a header that a stranger can send.
 */
import type { IncomingHttpHeaders } from 'node:http'

export interface SessionCookie {
  name: string
  secure: boolean
  read(headers: IncomingHttpHeaders | Record<string, string | string[] | undefined>): string | null
  /** The value of Set-Cookie. Lax, so that a link from a chat opens the app signed in; unsafe methods are checked by origin. */
  write(secret: string): string
  clear(): string
}

/** As long as a session can live at most: the server's own clock decides, this only spares dead cookies. */
const MAX_AGE_S = 90 * 86_400

export function sessionCookie(publicUrl: string | null): SessionCookie {
  const secure = publicUrl?.startsWith('https:') ?? false
  const name = secure ? '__Host-tidemark' : 'tidemark'
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return {
    name,
    secure,
    read(headers) {
      const header = headers.cookie
      // Node joins repeated Cookie headers with '; '. A doubled name is an attack or a bug: neither of the two is taken.
      const found = String(header ?? '')
        .split(';')
        .map((part) => part.trim())
        .filter((part) => part.startsWith(`${name}=`))
      return found.length === 1 ? found[0]!.slice(name.length + 1) || null : null
    },
    write: (secret) => `${name}=${secret}${attributes}; Max-Age=${MAX_AGE_S}`,
    clear: () => `${name}=${attributes}; Max-Age=0`,
  }
}
