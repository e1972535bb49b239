import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
let headers: Record<string, string>;
beforeAll(async () => {
  api = await startTestApi();
  ({ headers } = await api.signUp());
});
afterAll(() => api.close());

/** Everything that an answer says, without what differs from one to the next. */
async function answerOf(path: string, query: string, body: string, given: Record<string, string>) {
  const request = { method: 'POST', headers: { 'content-type': 'application/json', ...given }, body };
  const response = await fetch(`${api.url}/trpc/${path}${query}`, request);
  const names = [...response.headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name));
  const text = await response.text();
  return {
    status: response.status,
    headers: names,
    body: text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|sks_\w{6}|\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…'),
  };
}

const MODEL = { name: 'Rex', classWord: 'dog' };
const START = { modelId: newId(), prompt: 'rain', idempotencyKey: newId() };

it.each([
  ['an input that is right', 'models.create', MODEL, true, 200],
  ['one that is not', 'models.create', { ...MODEL, classWord: '' }, true, 400],
  ['a field too many', 'models.create', { ...MODEL, admin: true }, true, 400],
  ['no object', 'models.create', 'dog', true, 400],
  ['something that is not there', 'generation.start', START, true, 404],
  ['a missing key', 'generation.start', { ...START, idempotencyKey: undefined }, true, 400],
  ['nobody signed in', 'models.create', MODEL, false, 401],
  ['no such procedure', 'models.invent', MODEL, true, 404],
  ['a query', 'models.list', {}, true, 400],
] as const)('answers one mutation as tRPC itself does: %s', async (_what, path, input, signedIn, status) => {
  const given = signedIn ? headers : {};
  for (const [query, body] of [
    ['?', JSON.stringify(input)],
    ['?batch=1', JSON.stringify({ 0: input })],
  ] as const) {
    // What else stands in the address is none of ours, so tRPC answers.
    const theirs = await answerOf(path, `${query}&theirs`, body, given);
    expect(theirs.status).toBe(status);
    expect(await answerOf(path, query === '?' ? '' : query, body, given)).toEqual(theirs);
  }
});

it.each(['{', '', 'null', '[]', '[1]', '"0"'])(
  'answers a body that tRPC refuses as tRPC itself does: %s',
  async (body) => {
    for (const query of ['', '?batch=1']) {
      const theirs = await answerOf('models.create', `${query || '?'}&theirs`, body, headers);
      expect(await answerOf('models.create', query, body, headers)).toEqual(theirs);
    }
  },
);
