import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const LINE = {
  jobId: newId(),
  orderId: newId(),
  kind: 'generate',
  type: 'queued',
  attempt: 1,
  at: '2026-11-22T00:00:00.000Z',
  imageId: null,
  step: null,
  code: null,
} as const;
const event = (number: string) => ({ type: 'event', event: { ...LINE, number } }) as const;

/** Reads until `enough` says so. */
async function read(response: Response, enough: (text: string) => boolean): Promise<string> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (enough(text)) break;
  }
  return text;
}

const open = (query: string, headers: Record<string, string>) =>
  fetch(`${api.url}/trpc/jobs.live?${query}`, { headers: { accept: 'text/event-stream', ...headers } });

describe('the live stream', () => {
  it('speaks as tRPC does: options first, an id with its start and each durable event, and it given back after any other', async () => {
    const { headers, userId } = await api.signUp();
    const response = await open('input=%7B%7D', headers);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    let published = false;
    const text = await read(response, (soFar) => {
      if (!published && soFar.includes('hello')) {
        published = true;
        const messages = [event('7'), { type: 'reset' } as const];
        void api.services.deps.live.publish(messages.map((message) => ({ userId, message })));
      }
      return soFar.includes('restore-id') && soFar.endsWith('id: 7\n\n');
    });
    expect(text).toBe(
      [
        'event: connected\ndata: {"reconnectAfterInactivityMs":35000}\n\n',
        'data: {"type":"hello","number":"0"}\nid: 0\n\n',
        `data: ${JSON.stringify(event('7'))}\nid: 7\n\n`,
        'data: {"type":"reset"}\nid: \n\nevent: restore-id\ndata: \nid: 7\n\n',
      ].join(''),
    );
  });

  it('resumes after the id that a client names, in the header or the query', async () => {
    const { headers } = await api.signUp();
    for (const response of [
      await open('input=%7B%7D', { ...headers, 'last-event-id': '5' }),
      await open('input=%7B%7D&lastEventId=5', headers),
    ]) {
      // `hello` says where the stream goes on: a client that is cut off now resumes from there.
      expect(await read(response, (text) => text.includes('id: '))).toContain('"number":"5"}\nid: 5\n\n');
    }
  });

  it('leaves signed-out callers and bad input to tRPC', async () => {
    const { headers } = await api.signUp();
    expect(await read(await open('input=%7B%7D', {}), () => false)).toContain('UNAUTHENTICATED');
    const bad = await open(`input=${encodeURIComponent('{"lastEventId":"x"}')}`, headers);
    expect(await read(bad, () => false)).toContain('INVALID_INPUT');
  });
});
