/**
 * Random input to every procedure, over its own addresses: each call begins as one that its schema allows and has some of its
 * values replaced by what nobody should send. The answer is a result or a refusal by name, never a fault of ours.
 */
import { createWorld } from '@pixgen/core/testing-world';
import { newId } from '@pixgen/domain';
import { createStorage } from '@pixgen/storage';
import { appRouter } from '@pixgen/trpc';
import { z } from 'zod';
import { seededRandom } from '../gpu-simulator/faults.ts';
import { startProduct } from '../testing/product.ts';

export type CallReport = {
  procedures: number;
  calls: number;
  /** Calls that were answered with a result: without any, nothing got beyond the schemas. */
  accepted: number;
  serverErrors: number;
  /** Answers that hold a word of our insides. */
  leaks: number;
  /** Answers that are no JSON of ours. */
  unreadable: number;
  /** Whether the process that took them is still there. */
  crashes: number;
  seed: number;
  seconds: number;
  /** The first calls of each kind that went wrong. */
  examples: string[];
};

/** What no answer may contain: names of our parts, paths, addresses, code. */
const INTERNALS =
  /prisma|postgres|node_modules|\.ts:\d|at \w+ \(|127\.0\.0\.1|ECONN|select \w|insert into|zod|violates|syntax error/i;
const EXAMPLES = 5;

type Schema = {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
};
type Scene = { random: () => number; ids: readonly string[] };

const pick = <Item>({ random }: Scene, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item;

/** Text that was trouble somewhere: ends of strings, halves of characters, other directions, code, sizes, numbers as text. */
const TEXTS: readonly string[] = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    '\udfff\ud800',
    '\u202eevil',
    '\ufeff',
    'e\u0301'.repeat(40),
    '👩‍👩‍👧‍👦'.repeat(30),
  ],
  ...["' OR 1=1 --", '"; DROP TABLE "User"; --', '{{7*7}}', '<script>alert(1)</script>', '%00', '%n%s'],
  ...['../../../../etc/passwd', 'C:\\\\windows', 'file:///etc/passwd', 'http://evil.example/', '\r\nSet-Cookie: a=b'],
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '0', '-1', '1e999', '٣', 'İ', 'ß'.repeat(80)],
  ...[
    'x'.repeat(101),
    'x'.repeat(1_001),
    'x'.repeat(20_000),
    '\\',
    '\u2028',
    '9999-12-31T23:59:59Z',
    '00000000-0000-0000-0000-000000000000',
  ],
];
const NUMBERS: readonly number[] = [
  ...[0, -0, 1, -1, 0.1, 1e-9, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e21, 1e308, -1e308, 16, 17, 64, 1_000_000],
];

function hostile(scene: Scene, depth = 0): unknown {
  const { random } = scene;
  const kind = Math.floor(random() * 8);
  if (kind < 3) return pick(scene, TEXTS);
  if (kind < 5) return pick(scene, NUMBERS);
  if (kind === 5)
    return pick(scene, [
      null,
      true,
      false,
      [],
      {},
      [[]],
      [null],
      { length: 1e9 },
      JSON.parse('{"__proto__":{"role":"admin"}}'),
    ]);
  if (depth > 3) return null;
  if (kind === 6) return Array.from({ length: Math.floor(random() * 6) }, () => hostile(scene, depth + 1));
  return { [pick(scene, TEXTS)]: hostile(scene, depth + 1), id: hostile(scene, depth + 1) };
}

/** A value that the schema mostly allows. */
function fitting(scene: Scene, schema: Schema): unknown {
  const { random, ids } = scene;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return pick(scene, schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return fitting(scene, pick(scene, options));
  if (schema.allOf) return fitting(scene, pick(scene, schema.allOf));
  const type = Array.isArray(schema.type) ? pick(scene, schema.type) : schema.type;
  switch (type) {
    case 'object': {
      const entries = Object.entries(schema.properties ?? {}).filter(
        ([name]) => schema.required?.includes(name) || random() < 0.4,
      );
      return Object.fromEntries(entries.map(([name, one]) => [name, fitting(scene, one)]));
    }
    case 'array':
      return Array.from({ length: (schema.minItems ?? 0) + Math.floor(random() * 3) }, () =>
        fitting(scene, schema.items ?? {}),
      );
    case 'integer':
    case 'number': {
      const [from, to] = [schema.minimum ?? 0, Math.min(schema.maximum ?? 100, 1e6)];
      const value = from + random() * (to - from);
      return type === 'integer' ? Math.floor(value) : value;
    }
    case 'boolean':
      return random() < 0.5;
    case 'null':
      return null;
    case 'string':
      if (schema.format === 'uuid') return random() < 0.8 ? pick(scene, ids) : newId();
      if (schema.format === 'date-time') return new Date(Math.floor(random() * 2e12)).toISOString();
      if (schema.format === 'email') return 'somebody@example.test';
      return 'rain '.repeat(20).slice(0, Math.max(schema.minLength ?? 0, Math.min(schema.maxLength ?? 12, 12)));
    default:
      return hostile(scene);
  }
}

/** Some of the values become others: one at a time mostly, so that a call gets past what stands before it. */
function spoilt(scene: Scene, value: unknown): unknown {
  const { random } = scene;
  if (random() < 0.25) return value;
  if (typeof value !== 'object' || value === null || random() < 0.05) return hostile(scene);
  const names = Object.keys(value);
  if (names.length === 0 || random() < 0.1) return { ...value, [pick(scene, TEXTS)]: hostile(scene) };
  const name = pick(scene, names);
  const inner = (value as Record<string, unknown>)[name];
  const changed = typeof inner === 'object' && random() < 0.7 ? spoilt(scene, inner) : hostile(scene);
  if (Array.isArray(value)) return value.map((one, index) => (String(index) === name ? changed : one));
  return { ...value, [name]: changed };
}

type Procedure = { path: string; type: 'query' | 'mutation'; schema: Schema | null };

/** Streams are left out: what they take is one field, and their answers do not end. */
function listProcedures(): Procedure[] {
  type Def = { _def: { type: string; inputs: unknown[] } };
  return Object.entries(appRouter._def.procedures as unknown as Record<string, Def>).flatMap(([path, { _def }]) => {
    if (_def.type !== 'query' && _def.type !== 'mutation') return [];
    const input = _def.inputs.find(
      (one): one is z.ZodType => one instanceof z.ZodObject || one instanceof z.ZodDiscriminatedUnion,
    );
    const schema = input ? (z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Schema) : null;
    return [{ path, type: _def.type, schema }];
  });
}

/**
 * @param options.n calls of each procedure, by an administrator who owns something of every kind
 * @param options.atOnce calls under way; with more than one the same calls are made, in an order that time decides
 * @param options.onProgress told at each hundredth of the way
 */
export async function fuzzCalls({
  n,
  seed,
  atOnce = 1,
  onProgress,
}: {
  n: number;
  seed: number;
  atOnce?: number;
  onProgress?: (percent: number) => void;
}): Promise<CallReport> {
  const random = seededRandom(seed, 0);
  const product = await startProduct({ apiEnv: { STRIKES_TO_SUSPEND: '0' } });
  const storage = createStorage({
    endpoint: process.env.TEST_S3_ENDPOINT ?? '',
    region: process.env.TEST_S3_REGION ?? '',
    bucket: process.env.TEST_S3_BUCKET ?? '',
    accessKeyId: process.env.TEST_S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: process.env.TEST_S3_SECRET_ACCESS_KEY ?? '',
  });
  const startedAt = performance.now();
  const report: CallReport = {
    ...{ procedures: 0, calls: 0, accepted: 0, serverErrors: 0, leaks: 0, unreadable: 0, crashes: 0, seed, seconds: 0 },
    examples: [],
  };
  try {
    const person = await product.createPerson();
    await product.db.prisma.user.update({ where: { id: person.userId }, data: { role: 'admin' } });
    const stranger = await product.createPerson('Mallory');
    const own = await createWorld({ db: product.db, storage }, person.userId);
    const foreign = await createWorld({ db: product.db, storage }, stranger.userId);
    const ids = [own, foreign].flatMap((world) => Object.values(world).filter((id) => id.length === 36));
    const scene = { random, ids };
    const procedures = listProcedures();
    report.procedures = procedures.length;
    const calls = (function* () {
      for (let turn = 0; turn < n; turn += 1) {
        if (turn > 0 && turn % Math.ceil(n / 100) === 0) onProgress?.(Math.round((100 * turn) / n));
        for (const { path, type, schema } of procedures) {
          yield { path, type, input: schema ? spoilt(scene, fitting(scene, schema)) : hostile(scene) };
        }
      }
    })();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let next = calls.next(); !next.done; next = calls.next()) {
          const { path, type, input } = next.value;
          await callOnce(report, product.apiUrl, person.token, path, type, input);
        }
      }),
    );
    if (product.api.pid === 0 || !(await fetch(`${product.apiUrl}/healthz`)).ok) report.crashes += 1;
  } finally {
    storage.close();
    await product.stop();
  }
  return { ...report, seconds: Math.round((performance.now() - startedAt) / 100) / 10 };
}

async function callOnce(
  report: CallReport,
  apiUrl: string,
  token: string,
  path: string,
  type: 'query' | 'mutation',
  input: unknown,
): Promise<void> {
  const json = JSON.stringify(input) ?? 'null';
  const headers = { authorization: `Bearer ${token}` };
  // Longer than an address may be.
  if (type === 'query' && json.length > 4_000) return;
  const answer =
    type === 'query'
      ? await fetch(`${apiUrl}/trpc/${path}?input=${encodeURIComponent(wellFormed(json))}`, { headers })
      : await fetch(`${apiUrl}/trpc/${path}`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: json,
        });
  const body = await answer.text();
  report.calls += 1;
  const note = (what: 'serverErrors' | 'leaks' | 'unreadable'): void => {
    report[what] += 1;
    if (report.examples.length < EXAMPLES)
      report.examples.push(`${what}: ${path} ${json.slice(0, 300)} → ${answer.status} ${body.slice(0, 300)}`);
  };
  if (answer.status < 300) report.accepted += 1;
  else if (answer.status >= 500) note('serverErrors');
  // What was sent may come back in an answer: only refusals speak of us.
  if (answer.status >= 400 && INTERNALS.test(body)) note('leaks');
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('result' in parsed || 'error' in parsed)) note('unreadable');
  } catch {
    note('unreadable');
  }
}

/** Half a character cannot stand in an address. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

export function faultsOfCalls(report: Omit<CallReport, 'seed' | 'seconds'>): string[] {
  const { procedures, calls, accepted, serverErrors, leaks, unreadable, crashes, examples } = report;
  return [
    ...(procedures < 50 || calls < procedures ? [`only ${calls} calls of ${procedures} procedures`] : []),
    ...(accepted === 0 ? ['no call was accepted: nothing got beyond the schemas'] : []),
    ...(serverErrors > 0 ? [`${serverErrors} answers of 500 and above`] : []),
    ...(leaks > 0 ? [`${leaks} answers with words of our insides`] : []),
    ...(unreadable > 0 ? [`${unreadable} answers of no form of ours`] : []),
    ...(crashes > 0 ? ['the API was gone afterwards'] : []),
    ...(serverErrors + leaks + unreadable > 0 ? examples : []),
  ];
}
