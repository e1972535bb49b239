/** The API's OpenAPI document as the reference shows it. */
import { z } from 'zod';
import { writeCurl } from './example';
import { type Field, fieldsOf, type Place } from './fields';
import { jsonSchema, type Schema, writeType } from './schema';

export type Caller = 'anybody' | 'key' | 'session';
export type Operation = {
  id: string;
  method: string;
  /** From the root of the API. */
  path: string;
  summary: string;
  caller: Caller;
  fields: readonly Field[];
  answers: readonly { status: string; text: string; type: string | null }[];
  /** Null where no program may call. */
  example: string | null;
};
export type Group = { tag: string; text: string | null; operations: readonly Operation[] };
export type Reference = { version: string; basePath: string; errorType: string | null; groups: readonly Group[] };

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const security = z.array(z.record(z.string(), z.array(z.string())));
const content = z.object({ 'application/json': z.object({ schema: jsonSchema }).optional() });
const operation = z.object({
  operationId: z.string(),
  summary: z.string().optional(),
  tags: z.array(z.string()).min(1),
  security: security.optional(),
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.enum(['path', 'query', 'header']),
      required: z.boolean().default(false),
      description: z.string().optional(),
      schema: jsonSchema,
      example: z.unknown().optional(),
    }),
  ),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: content.optional() })),
});
const openApiDocument = z.object({
  openapi: z.string().startsWith('3.1'),
  info: z.object({ version: z.string() }),
  servers: z.tuple([z.object({ url: z.string().startsWith('/') })]),
  security: security.default([]),
  tags: z.array(z.object({ name: z.string(), description: z.string().optional() })).default([]),
  paths: z.record(z.string(), z.partialRecord(z.enum(METHODS), operation)),
  components: z.object({ schemas: z.record(z.string(), jsonSchema).default({}) }),
});
type Document = z.infer<typeof openApiDocument>;

/** @returns null for what is no such document */
export function readReference(given: unknown): Reference | null {
  const { data } = openApiDocument.safeParse(given);
  if (!data) return null;
  const [{ url }] = data.servers;
  const basePath = url.replace(/\/$/, '');
  const all = Object.entries(data.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const described = methods[method];
      return described ? [{ tag: described.tags[0] ?? '', ...describe(data, method, basePath + path, described) }] : [];
    }),
  );
  const tags = new Set([...data.tags.map(({ name }) => name), ...all.map(({ tag }) => tag)]);
  const groups = [...tags].map((tag) => ({
    tag,
    text: data.tags.find(({ name }) => name === tag)?.description ?? null,
    operations: all.filter((one) => one.tag === tag),
  }));
  const refusal = data.components.schemas.Error;
  return {
    version: data.info.version,
    basePath,
    errorType: refusal ? writeType(refusal) : null,
    groups: groups.filter(({ operations }) => operations.length > 0),
  };
}

function describe(
  document: Document,
  method: (typeof METHODS)[number],
  path: string,
  described: z.infer<typeof operation>,
): Operation {
  const { operationId: id, summary = id, parameters } = described;
  const body = described.requestBody?.content['application/json']?.schema ?? null;
  const caller = callerOf(described.security ?? document.security);
  const call = { method: method.toUpperCase(), path };
  return {
    id,
    ...call,
    summary,
    caller,
    fields: [
      ...parameters.flatMap(({ name, in: place, schema, ...more }) =>
        fieldsOf(name, place, schema, { required: more.required, text: more.description }),
      ),
      ...bodyFields(body),
    ],
    answers: Object.entries(described.responses).map(([status, answer]) => {
      const schema = answer.content?.['application/json']?.schema;
      return { status, text: answer.description, type: schema ? writeType(schema) : null };
    }),
    example:
      caller === 'session'
        ? null
        : writeCurl({ ...call, withKey: caller === 'key', parameters, body: bodyToSend(body) }),
  };
}

function bodyFields(body: Schema | null): Field[] {
  const place: Place = 'body';
  return Object.entries(body?.properties ?? {}).flatMap(([name, schema]) =>
    fieldsOf(name, place, schema, { required: body?.required?.includes(name) ?? false }),
  );
}

/** A body of which nothing but the key of the intent is left needs not be sent: the header has it. */
function bodyToSend(body: Schema | null): Schema | null {
  const names = Object.keys(body?.properties ?? {}).filter((name) => name !== 'idempotencyKey');
  return names.length > 0 ? body : null;
}

function callerOf(schemes: z.infer<typeof security>): Caller {
  if (schemes.length === 0) return 'anybody';
  return schemes.some((one) => 'apiKey' in one) ? 'key' : 'session';
}
