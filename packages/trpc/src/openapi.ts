/** The REST interface as an OpenAPI 3.1 document, made from the procedures' own schemas. */
import { ERROR_CODES, LANGUAGES } from '@pixgen/domain';
import { z } from 'zod';
import { type Caller, listRestOperations, type RestOperation, takesIdempotencyKey } from './rest.ts';
import { appRouter } from './router.ts';
import { SUMMARIES } from './summaries.ts';

type Json = { [key: string]: unknown };

/** How every refusal looks. */
const errorBody = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERROR_CODES) as [string, ...string[]]),
    message: z.string().meta({
      description: `For a person, in the language that Accept-Language asks for: ${Object.keys(LANGUAGES).join(', ')}.`,
    }),
    fields: z.array(z.object({ path: z.string(), message: z.string() })),
  }),
});

export function createOpenApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of listRestOperations(appRouter)) {
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'PixGen',
      version,
      description:
        'Train a model of your subject and make images of it. Calls carry an API key where they do not say otherwise.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ apiKey: [] }],
    tags: TAGS,
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `pxg_…`' },
        session: {
          type: 'http',
          scheme: 'bearer',
          description: 'The session of a signed-in person; keys are refused.',
        },
      },
      schemas: { Error: toSchema(errorBody, 'output') },
    },
  };
}

/** What stands for the whole document is not said again. */
const SECURITY: Record<Caller, Json> = {
  anybody: { security: [] },
  key: {},
  session: { security: [{ session: [] }] },
};

/** In the order in which somebody who begins needs them. */
const TAGS: readonly Json[] = [
  { name: 'models', description: 'A model is what was learned of one subject.' },
  {
    name: 'photos',
    description: 'What a model is trained on: announced here, sent to the object store, then checked.',
  },
  { name: 'training', description: 'Trainings are jobs: the answer comes at once, the work follows.' },
  { name: 'generation', description: 'Orders of images from a prompt. They are jobs as well.' },
  { name: 'packs', description: 'Prepared sets of prompts.' },
  { name: 'images', description: 'What was drawn, collections of it, and acts on many images at once.' },
  { name: 'jobs', description: 'Everything that takes its time, in one list.' },
  { name: 'account', description: 'The account that a key belongs to.' },
  { name: 'reports', description: 'For anybody who sees a picture that must not be here.' },
  { name: 'admin', description: 'For administrators who are signed in, never with a key.' },
];

const KEY_HEADER: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description:
    'Names the intent of this call: repeating the call with the same key never starts a second job and gets the same answer. A string in quotes (IETF draft-ietf-httpapi-idempotency-key-header); the body field idempotencyKey may stand for it. Keys are kept for 7 days, per account and procedure.',
  schema: { type: 'string', pattern: '^"[A-Za-z0-9_.:-]{8,100}"$' },
  example: '"0198a1f0-7c1e-7b1c-9d3e-6f1f0a2b3c4d"',
};
const KEY_REFUSALS: Record<number, string> = {
  400: 'The key is missing or malformed, or the input is.',
  409: 'The first call with this key is still under way (IDEMPOTENCY_IN_PROGRESS), or the state does not allow the call.',
  422: 'The key was used with another body.',
};

function describe(operation: RestOperation): Json {
  const { method, path, tag, procedure, by, input, output } = operation;
  const keyed = takesIdempotencyKey(operation);
  const refused = json({ $ref: '#/components/schemas/Error' });
  const schema = input ? toSchema(input, 'input') : { properties: {}, required: [] };
  const properties = schema.properties as Record<string, unknown>;
  const required = (schema.required ?? []) as string[];
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const rest = Object.keys(properties).filter((name) => !inPath.includes(name));
  const hasBody = method === 'POST' || method === 'PATCH';
  const parameters = [
    ...(keyed ? [KEY_HEADER] : []),
    ...inPath.map((name) => ({ name, in: 'path', required: true, schema: properties[name] })),
    ...(hasBody
      ? []
      : rest.map((name) => ({ name, in: 'query', required: required.includes(name), schema: properties[name] }))),
  ];
  const body = {
    type: 'object',
    properties: Object.fromEntries(rest.map((name) => [name, properties[name]])),
    required: required.filter((name) => !inPath.includes(name) && name !== 'idempotencyKey'),
    additionalProperties: false,
  };
  return {
    operationId: procedure,
    summary: SUMMARIES[procedure],
    tags: [tag],
    ...SECURITY[by],
    parameters,
    ...(hasBody && rest.length > 0 && { requestBody: { required: body.required.length > 0, content: json(body) } }),
    responses: {
      200: { description: 'Done.', content: json(toSchema(output, 'output')) },
      ...(keyed &&
        Object.fromEntries(
          Object.entries(KEY_REFUSALS).map(([status, description]) => [status, { description, content: refused }]),
        )),
      default: { description: 'Refused or failed.', content: refused },
    },
  };
}

function json(schema: unknown): Json {
  return { 'application/json': { schema } };
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
