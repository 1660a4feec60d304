/**
 * Which addresses are nobody's business from outside: loopback, private, link-local, carrier, documentation, multicast,
 * reserved. Used by safe-post.ts. The lists are those of IANA's special-purpose registries.
 */
import net from 'node:net'

const IPV4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local: also where clouds keep their metadata (169.254.169.254)
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
const IPV6: [string, number][] = [
  ['::', 96], // unspecified, loopback, and IPv4 in its oldest disguise (::127.0.0.1)
  ['64:ff9b::', 96], // NAT64: an IPv4 address inside
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: an IPv4 address inside
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]

const list = new net.BlockList()
for (const [address, bits] of IPV4) list.addSubnet(address, bits, 'ipv4')
for (const [address, bits] of IPV6) list.addSubnet(address, bits, 'ipv6')

/** What is not an address at all is blocked too. */
export function isPrivate(address: string): boolean {
  const bare = address.split('%')[0]! // a zone: fe80::1%eth0
  const family = net.isIP(bare)
  if (family === 4) return list.check(bare, 'ipv4')
  if (family !== 6) return true
  const mapped = /^(?:0*:)*:?ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(bare)
  if (!mapped) return list.check(bare, 'ipv6')
  const [high, low] = [parseInt(mapped[2]!, 16), parseInt(mapped[3]!, 16)]
  return list.check(mapped[1] ?? [high >> 8, high & 255, low >> 8, low & 255].join('.'), 'ipv4')
}
