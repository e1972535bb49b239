/** Requests as they are: repeated headers, wrong lengths, bytes that are no HTTP. `fetch` would mend them. */
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export type Message =
  | {
      path: string;
      headers: OutgoingHttpHeaders;
      body: Buffer;
      /** On a connection of its own: the server may close it without saying so. */
      alone?: boolean;
    }
  /** The bytes of a whole request or of a part of one; the connection is closed after them. */
  | { raw: Buffer };

export type Sender = { send: (message: Message) => Promise<number>; close: () => void };

export const SILENT_AFTER_MS = 20_000;

/** @returns a sender that resolves to the status, or to 0 when the connection ended without an answer */
export function createSender(apiUrl: string, sockets: number): Sender {
  const { hostname, port } = new URL(apiUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  const sendRequest = ({ path, headers, body, alone }: Extract<Message, { path: string }>): Promise<number> =>
    new Promise((resolve) => {
      const outgoing = request({
        hostname,
        port,
        path,
        method: 'POST',
        agent: alone ? false : agent,
        timeout: SILENT_AFTER_MS,
        headers: { 'content-length': body.length, ...headers },
      });
      outgoing.on('response', (incoming) => {
        incoming.resume();
        incoming.once('end', () => resolve(incoming.statusCode ?? 0));
      });
      outgoing.once('timeout', () => outgoing.destroy());
      outgoing.once('error', () => resolve(0));
      outgoing.once('close', () => resolve(0));
      outgoing.end(body);
    });
  const sendBytes = (raw: Buffer): Promise<number> =>
    new Promise((resolve) => {
      let answer = '';
      const socket = connect({ host: hostname, port: Number(port) });
      socket.setTimeout(SILENT_AFTER_MS, () => socket.destroy());
      socket.on('data', (bytes) => {
        answer += bytes.toString('latin1');
      });
      socket.once('error', () => socket.destroy());
      socket.once('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)));
      socket.end(raw);
    });
  return {
    send: (message) => ('raw' in message ? sendBytes(message.raw) : sendRequest(message)),
    close: () => agent.destroy(),
  };
}
