/** How deep JSON may be nested: nothing of ours is deeper than ten, and what walks through it does so by recursion. */
import { AppError, say } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';

const MAX_DEPTH = 32;
const [QUOTE, BACKSLASH, OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [...'"\\[{]}'].map((char) =>
  char.charCodeAt(0),
);

/**
 * Looks before anything parses.
 *
 * @throws AppError INVALID_INPUT
 */
export function refuseDeepJson(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth += 1;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth -= 1;
    if (depth > MAX_DEPTH) {
      throw new AppError('INVALID_INPUT', say`The body is nested more than ${MAX_DEPTH} levels deep.`);
    }
  }
}

/** @returns where the quote stands that ends the string which begins at `from` */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/**
 * Replaces Fastify's own parsers in this scope and those below it. Text is not read: pages of other sites may send it without
 * being asked whether they may.
 */
export function parseShallowJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    try {
      refuseDeepJson(body);
      parse(request, body, done);
    } catch (error) {
      done(error as Error);
    }
  });
}
