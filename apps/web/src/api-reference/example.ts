/** A command for each call, which can be copied as it stands. */
import { type Schema, variantsOf } from './schema';

/** Of the API's address and the key, as the reference tells to set them. */
const ADDRESS = 'PIXGEN_API_URL';
const KEY = 'PIXGEN_API_KEY';
const AUTHORIZATION = `-H "Authorization: Bearer $${KEY}"`;
const CONTENT_TYPE = `-H 'Content-Type: application/json'`;
const ID = '0198a1f0-7c1e-7b1c-9d3e-6f1f0a2b3c4d';

/** What people would write; where it does not fit, the schema decides. */
const SAMPLES: Readonly<Record<string, string>> = {
  name: 'biscuit',
  classWord: 'dog',
  prompt: 'rain',
  fileName: 'biscuit.jpg',
  slug: 'cinematic-portraits',
  what: `/gallery/${ID}`,
};
const ANY_TEXT = ['text', 'A'.repeat(43)];

export type Call = {
  method: string;
  /** From the root of the API, with `{names}`. */
  path: string;
  withKey: boolean;
  parameters: readonly { name: string; in: string; required: boolean; schema: Schema; example?: unknown }[];
  body: Schema | null;
};

export function writeCurl({ method, path, withKey, parameters, body }: Call): string {
  const encoded = (name: string, schema: Schema) => encodeURIComponent(String(sampleOf(schema, name)));
  const inPath = new Map(parameters.flatMap((one) => (one.in === 'path' ? [[one.name, one.schema]] : [])));
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(name, inPath.get(name) ?? {}));
  const query = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name, schema }) => `${name}=${encoded(name, schema)}`);
  const headers = parameters
    .filter((one) => one.in === 'header' && one.required)
    .map((one) => header(one.name, String(one.example ?? sampleOf(one.schema, one.name))));
  const json = body && sampleOf(body, '');
  const asked = query.length > 0 ? `?${query.join('&')}` : '';
  const call = `curl${method === 'GET' ? '' : ` -X ${method}`} "$${ADDRESS}${address}${asked}"`;
  const parts = [call, ...(withKey ? [AUTHORIZATION] : []), ...headers, ...(json ? [CONTENT_TYPE, data(json)] : [])];
  const command = parts.join(' \\\n  ');
  return command;
}

const header = (name: string, value: string) => `-H ${quote(`${name}: ${value}`)}`;
const data = (value: unknown) => `-d ${quote(JSON.stringify(value))}`;

/** What to set before the commands, and a first call that needs nothing else. */
export function writeStart(address: string | null, basePath: string): string {
  const first = writeCurl({ method: 'GET', path: `${basePath}/account`, withKey: true, parameters: [], body: null });
  const settings = `export ${ADDRESS}=${address ?? 'https://…'}\nexport ${KEY}=pxg_…`;
  return settings.concat('\n\n', first);
}

/** For a shell: within single quotes nothing means anything but themselves. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Something that the schema takes, with no more than it must have. Where nothing must be there: with one thing. */
export function sampleOf(schema: Schema, name: string): unknown {
  const [first = schema] = variantsOf(schema);
  if (first !== schema) return sampleOf(first, name);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0] ?? null;
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'object':
      return sampleOfObject(schema);
    case 'array':
      return (
        schema.prefixItems?.map((one) => sampleOf(one, name)) ??
        (typeof schema.items === 'object' ? [sampleOf(schema.items, name)] : [])
      );
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? -Infinity, Math.min(1, schema.maximum ?? 1));
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return sampleOfText(schema, name);
  }
}

function sampleOfObject({ properties = {}, required = [] }: Schema): Record<string, unknown> {
  // The key of an intent stands in its header.
  const names = Object.keys(properties).filter((name) => name !== 'idempotencyKey');
  const needed = names.filter((name) => required.includes(name));
  const shown = needed.length > 0 ? needed : names.slice(0, 1);
  return Object.fromEntries(shown.map((name) => [name, sampleOf(properties[name] ?? {}, name)]));
}

function sampleOfText(schema: Schema, name: string): string {
  const { format, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  if (format === 'uuid') return ID;
  if (format === 'date-time') return '2026-01-31T12:00:00.000Z';
  if (typeof schema.default === 'string' && schema.default !== '') return schema.default;
  const fits = (text: string) =>
    text.length >= minLength &&
    text.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern, 'u').test(text));
  return [SAMPLES[name] ?? name, ...ANY_TEXT].find(fits) ?? '';
}
