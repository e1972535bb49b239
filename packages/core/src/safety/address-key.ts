import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';

/**
 * What an address is counted under: not the address itself, which nobody needs to keep. Of IPv6 the network, as one
 * household has 2^64 addresses.
 */
export function addressKey(secret: string, address: string): string {
  return createHmac('sha256', secret)
    .update(`address ${networkOf(address)}`)
    .digest('base64url')
    .slice(0, 22);
}

/** An IPv4 address as it is, of IPv6 the first 64 bits: who gets one address there gets all that follow. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  // The URL parser writes every form of an address in one way.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const front = head.split(':').filter(Boolean);
  const back = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array.from({ length: zeros }, () => '0'), ...back].slice(0, 4).join(':');
}
