/**
 * By which name a server was asked. A page of a stranger can point a name of its own at this machine and so become "the same
 * origin" (DNS rebinding); what it cannot do is ask by a name that is not its own. So servers answer to their names alone.
 */

/** @returns the name in a `Host` header, in one spelling; null for none or for what is no name */
export function hostnameOf(host: string | null | undefined): string | null {
  if (!host || /[/?#@\\\s]/.test(host) || !URL.canParse(`http://${host}`)) return null;
  return new URL(`http://${host}`).hostname.replace(/\.$/, '');
}

/** This machine, as asked from itself: `localhost`, its subdomains and the addresses that never leave it. */
export function isLoopbackName(hostname: string): boolean {
  return /^(.+\.)?localhost$|^127\.\d+\.\d+\.\d+$|^\[::1\]$/.test(hostname);
}

/**
 * What nobody can register: an address itself, a name without a dot (of a container, of a network of one's own), or this
 * machine's.
 */
export function isUnregistrable(hostname: string): boolean {
  return /^\[.*\]$|^\d+\.\d+\.\d+\.\d+$|^[^.]+$/.test(hostname) || isLoopbackName(hostname);
}
