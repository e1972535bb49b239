/** One PUT to the object store, with progress: fetch cannot report what was sent, XMLHttpRequest can. */

/**
 * @param onSent share of the bytes that left, 0 to 1
 * @returns the HTTP status
 * @throws Error when the network fails or the signal aborts
 */
export function sendFile(
  blob: Blob,
  target: { url: string; headers: Record<string, string> },
  onSent: (share: number) => void,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', target.url);
    for (const [name, value] of Object.entries(target.headers)) {
      // The browser sets the length itself and refuses to be told.
      if (!/^(content-length|host)$/i.test(name)) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => event.lengthComputable && onSent(event.loaded / event.total);
    request.onload = () => resolve(request.status);
    request.onerror = () => reject(new Error('The connection broke while sending.'));
    request.onabort = () => reject(new Error('Cancelled.'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(blob);
  });
}
