// Which pictures a cell may show: our own and those of the hosts that the operator named (TIDEMARK_IMAGE_HOSTS). The browser
// enforces it by the page's Content-Security-Policy; here it is only known, so that the cell can say why.
let known: string[] | null = null

/** What the server wrote into the page. */
function pageHosts(): string[] {
  const said = document.querySelector('meta[name=tidemark-image-hosts]')?.getAttribute('content') ?? ''
  return (known ??= said.split(' ').filter(Boolean))
}

/** As a Content-Security-Policy reads `https://host`: `*.example.org` is every host under it, and not itself. */
export function mayShowImage(url: string, hosts: readonly string[] = pageHosts(), own = globalThis.location?.origin): boolean {
  if (/^data:image\/(png|jpeg|gif|webp|avif|svg\+xml)[;,]/i.test(url)) return true
  let at: URL
  try {
    at = new URL(url)
  } catch {
    return false
  }
  if (at.origin === own) return true
  return at.protocol === 'https:' && hosts.some((host) => (host.startsWith('*.') ? at.host.endsWith(host.slice(1)) : at.host === host))
}
