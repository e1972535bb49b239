import { spawnSync } from 'node:child_process';
import { appRouter, createOpenApiDocument, listRestOperations, takesIdempotencyKey } from '@pixgen/trpc';
import { describe, expect, it } from 'vitest';
import { type Operation, readReference } from './document';
import { sampleOf, writeStart } from './example';
import { fieldsOf } from './fields';
import { type Schema, writeType } from './schema';

const document = createOpenApiDocument('1.2.3');
const reference = readReference(document);
if (!reference) throw new Error('the document cannot be read');
const operations = new Map(reference.groups.flatMap((group) => group.operations.map((one) => [one.id, one])));
const procedures = listRestOperations(appRouter);
const find = (id: string): Operation => {
  const found = operations.get(id);
  if (!found) throw new Error(`${id} is not shown`);
  return found;
};

/** What a shell makes of a command, where `curl` is a program that writes down what it is given. */
function argumentsOf(command: string): string[] {
  const script = `curl() { for one in "$@"; do printf '%s\\0' "$one"; done; }\n${command}`;
  const env = { ...process.env, PIXGEN_API_URL: 'http://api.example', PIXGEN_API_KEY: 'pxg_key' };
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\0').slice(0, -1);
}

/** The call that a command makes. */
function readCommand(command: string) {
  const args = argumentsOf(command);
  const after = (flag: string) => args.flatMap((one, at) => (args[at - 1] === flag ? [one] : []));
  const url = new URL(args.find((one) => one.startsWith('http')) ?? '');
  const headers = new Headers(
    after('-H').map((line): [string, string] => [line.split(': ')[0] ?? '', line.split(': ')[1] ?? '']),
  );
  const [body] = after('-d');
  return { method: after('-X')[0] ?? 'GET', url, headers, body: body === undefined ? undefined : JSON.parse(body) };
}

describe('the reference', () => {
  it('shows every call of the API with what it does, under the subject that the document gives it', () => {
    expect([...operations.keys()].toSorted()).toEqual(procedures.map(({ procedure }) => procedure).toSorted());
    for (const { procedure, method, path, tag, by } of procedures) {
      const shown = find(procedure);
      expect(shown).toMatchObject({ method, path: `/api/v1${path}`, caller: by });
      expect(shown.summary).toMatch(/^[A-Z].+[^.]$/);
      expect(reference.groups.find((group) => group.tag === tag)?.operations).toContain(shown);
    }
    expect(reference.groups.map(({ tag }) => tag)).toEqual(
      (document.tags as { name: string }[]).map(({ name }) => name),
    );
    expect(reference).toMatchObject({ version: '1.2.3', basePath: '/api/v1' });
  });

  it('shows every field that a call takes, and which of them it must have', () => {
    for (const operation of procedures) {
      const { fields } = find(operation.procedure);
      const shape = operation.input?.shape ?? {};
      const shown = new Set(fields.flatMap(({ name }) => (/[.[]/.test(name) ? [] : [name])));
      const named = takesIdempotencyKey(operation) ? ['Idempotency-Key'] : [];
      expect([operation.procedure, [...shown].toSorted()]).toEqual([
        operation.procedure,
        [...Object.keys(shape), ...named].toSorted(),
      ]);
      const refused = operation.input?.safeParse({}).error?.issues.map(({ path: [name] }) => String(name)) ?? [];
      const required = fields.flatMap((field) => (field.required && field.name in shape ? [field.name] : []));
      // Its header must be there, and stands for it.
      const missing = refused.filter((name) => name !== 'idempotencyKey');
      expect([operation.procedure, required.toSorted()]).toEqual([operation.procedure, missing.toSorted()]);
    }
  });

  it('says types and bounds as the schema has them, also of what lies within', () => {
    const { fields } = find('training.start');
    const field = (name: string) => fields.find((one) => one.name === name);
    expect(field('Idempotency-Key')).toMatchObject({
      place: 'header',
      required: true,
      text: expect.stringMatching(/7 days/),
    });
    expect(field('modelId')).toMatchObject({ place: 'body', type: 'string <uuid>', required: true, bounds: [] });
    expect(field('preset')).toMatchObject({
      type: '"fast" | "balanced" | "best"',
      required: false,
      bounds: [{ kind: 'default', text: '"balanced"' }],
    });
    expect(field('overrides')).toMatchObject({ type: 'object' });
    expect(field('overrides.resolution')).toMatchObject({
      type: 'integer',
      bounds: [
        { kind: 'number', min: 64, max: 1024 },
        { kind: 'step', of: 8 },
      ],
    });
    expect(field('overrides.samplePrompts')).toMatchObject({ bounds: [{ kind: 'entries', min: null, max: 4 }] });
    expect(field('overrides.samplePrompts[]')).toMatchObject({
      bounds: [{ kind: 'characters', min: null, max: 1200 }],
    });
    const query = find('models.list').fields;
    expect(query.find(({ name }) => name === 'limit')).toMatchObject({ place: 'query', required: false });
  });

  it('understands every word of JSON Schema that the document uses', () => {
    const known =
      /^(\$ref|type|const|enum|anyOf|oneOf|properties|required|additionalProperties|propertyNames|items|prefixItems|format|pattern|min(Length|Items|imum)|max(Length|Items|imum)|multipleOf|default|description)$/;
    const unknown = new Set<string>();
    const visit = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [word, value] of Object.entries(schema)) {
        if (!known.test(word)) unknown.add(word);
        if (word === 'properties') Object.values(value as object).forEach(visit);
        else if (/^(anyOf|oneOf|prefixItems)$/.test(word)) (value as unknown[]).forEach(visit);
        else if (/^(items|additionalProperties|propertyNames)$/.test(word)) visit(value);
      }
    };
    const find = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [name, value] of Object.entries(node)) (name === 'schema' ? visit : find)(value);
    };
    find(document.paths);
    expect([...unknown]).toEqual([]);
  });

  it('writes what comes back as a type that a programmer can read', () => {
    const [ok, refused] = find('account.createApiKey').answers;
    expect(ok?.type).toMatch(
      /^\{\n {2}id: string <uuid>\n[\s\S]*\n {2}lastUsedAt: string <date-time> \| null\n {2}secret: string\n\}$/,
    );
    expect(refused).toEqual({ status: 'default', text: 'Refused or failed.', type: 'Error' });
    expect(reference.errorType).toContain('message: string');
    const types = [...operations.values()].flatMap(({ answers }) => answers.map(({ type }) => type));
    expect(types.filter((type) => type === null || /\bany\b|undefined/.test(type)).length).toBe(0);
  });

  it.each([
    ['a choice in a list', { type: 'array', items: { enum: ['a', 'b'] } }, '("a" | "b")[]'],
    ['a pair', { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'number' }] }, '[integer, number]'],
    ['a map', { type: 'object', additionalProperties: { type: 'string' } }, '{\n  [key: string]: string\n}'],
    ['nothing known', {}, 'any'],
    [
      'what may be null',
      { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
      'string <date-time> | null',
    ],
  ] satisfies [string, Schema, string][])('writes %s', (_, schema, type) => {
    expect(writeType(schema)).toBe(type);
  });

  it('tells a field that may be null by what it is beside that', () => {
    const [field] = fieldsOf(
      'rating',
      'body',
      { anyOf: [{ type: 'integer', minimum: 1, maximum: 5 }, { type: 'null' }] },
      { required: true },
    );
    expect(field).toMatchObject({ type: 'integer | null', bounds: [{ kind: 'number', min: 1, max: 5 }] });
  });

  it('says no bound where a whole number is only kept to what JavaScript can count', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const boundsOf = (minimum: number) =>
      fieldsOf('n', 'query', { type: 'integer', minimum, maximum: largest }, { required: true })[0]?.bounds;
    expect([boundsOf(-largest), boundsOf(0)]).toEqual([[], [{ kind: 'number', min: 0, max: null }]]);
  });

  it.each([
    ['null', null],
    ['another thing', { openapi: '3.1.0' }],
    ['another version of OpenAPI', { ...document, openapi: '3.0.3' }],
    ['an error of the API', { error: { code: 'UNAVAILABLE' } }],
  ])('takes %s for no document', (_, given) => {
    expect(readReference(given)).toBeNull();
  });
});

describe('the example of a call', () => {
  const shown = procedures.filter(({ by }) => by !== 'session');

  it('is there wherever a program may call, and nowhere else', () => {
    const without = [...operations.values()].flatMap(({ id, example }) => (example === null ? [id] : []));
    expect(without.toSorted()).toEqual(
      procedures.flatMap(({ procedure, by }) => (by === 'session' ? [procedure] : [])).toSorted(),
    );
    expect(shown.length).toBeGreaterThan(60);
  });

  it.each(shown.map((operation) => [operation.procedure, operation] as const))(
    'of %s is a command whose input the API takes',
    (id, operation) => {
      const { method, url, headers, body } = readCommand(find(id).example ?? '');
      expect(method).toBe(operation.method);
      const pattern = new RegExp(`^/api/v1${operation.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
      const inPath = pattern.exec(decodeURIComponent(url.pathname));
      expect(inPath, url.pathname).not.toBeNull();
      expect(url.origin).toBe('http://api.example');
      expect(headers.get('authorization')).toBe(operation.by === 'key' ? 'Bearer pxg_key' : null);
      expect(headers.has('content-type')).toBe(body !== undefined);
      const key = /^"(.*)"$/.exec(headers.get('idempotency-key') ?? '')?.[1];
      expect(key !== undefined).toBe(takesIdempotencyKey(operation));
      const input = {
        ...Object.fromEntries(url.searchParams),
        ...body,
        ...inPath?.groups,
        ...(key && { idempotencyKey: key }),
      };
      const parsed = operation.input?.safeParse(input);
      expect(parsed?.error?.issues ?? []).toEqual([]);
    },
  );

  it('is one argument for the shell, whatever stands in it', () => {
    const body = { type: 'object', required: ['a'], properties: { a: { const: `it's "$HOME" \`id\`` } } } as const;
    const own = structuredClone(document) as { paths: Record<string, Record<string, object>> };
    own.paths = {
      '/things': {
        post: {
          operationId: 'x',
          tags: ['x'],
          parameters: [],
          requestBody: { content: { 'application/json': { schema: body } } },
          responses: {},
        },
      },
    };
    const example = readReference(own)?.groups[0]?.operations[0]?.example ?? '';
    expect(readCommand(example).body).toEqual({ a: body.properties.a.const });
  });

  it('comes after what to set for it, without an address where nobody told one', () => {
    const start = writeStart('https://api.example', '/api/v1');
    expect(start).toMatch(/^export PIXGEN_API_URL=https:\/\/api\.example\nexport PIXGEN_API_KEY=pxg_…\n\ncurl /);
    expect(readCommand(start.replace(/^export .*$/gm, '')).url.pathname).toBe('/api/v1/account');
    expect(writeStart(null, '/api/v1')).toContain('export PIXGEN_API_URL=https://…\n');
  });

  it('of a number keeps to its bounds', () => {
    expect([
      sampleOf({ type: 'integer', minimum: 64, maximum: 2048 }, 'width'),
      sampleOf({ type: 'integer', minimum: 0, maximum: 1000 }, 'file'),
      sampleOf({ type: 'number', maximum: 0.5 }, 'share'),
    ]).toEqual([64, 1, 0.5]);
  });
});
