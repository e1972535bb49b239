/** JSON Schema, as far as the document of the API uses it, and how its types are written down. */
import { z } from 'zod';

type Literal = string | number | boolean | null;
export type Schema = {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  const?: Literal | undefined;
  enum?: Literal[] | undefined;
  anyOf?: Schema[] | undefined;
  oneOf?: Schema[] | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  additionalProperties?: boolean | Schema | undefined;
  propertyNames?: Schema | undefined;
  /** False where nothing follows on `prefixItems`. */
  items?: Schema | boolean | undefined;
  prefixItems?: Schema[] | undefined;
  format?: string | undefined;
  pattern?: string | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  minItems?: number | undefined;
  maxItems?: number | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  multipleOf?: number | undefined;
  default?: unknown;
  description?: string | undefined;
};

const literal = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const number = z.number().optional();
const text = z.string().optional();

export const jsonSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: text,
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: literal.optional(),
    enum: z.array(literal).optional(),
    anyOf: z.array(jsonSchema).optional(),
    oneOf: z.array(jsonSchema).optional(),
    properties: z.record(z.string(), jsonSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), jsonSchema]).optional(),
    propertyNames: jsonSchema.optional(),
    items: z.union([z.boolean(), jsonSchema]).optional(),
    prefixItems: z.array(jsonSchema).optional(),
    format: text,
    pattern: text,
    minLength: number,
    maxLength: number,
    minItems: number,
    maxItems: number,
    minimum: number,
    maximum: number,
    multipleOf: number,
    default: z.unknown().optional(),
    description: text,
  }),
);

/** What stands in `anyOf` or `oneOf`, or the schema itself. */
export function variantsOf(schema: Schema): readonly Schema[] {
  return schema.anyOf ?? schema.oneOf ?? [schema];
}

/** The one thing that something may be beside null. */
export function withoutNull(schema: Schema): Schema {
  const rest = variantsOf(schema).filter(({ type }) => type !== 'null');
  return rest.length === 1 ? (rest[0] ?? schema) : schema;
}

/** A type as programmers write it; objects over several lines. */
export function writeType(schema: Schema, indent = ''): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? 'any';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return [...new Set(variants.map((one) => writeType(one, indent)))].join(' | ');
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  if (schema.type === 'object') return writeObject(schema, indent);
  if (schema.type === 'array') return writeArray(schema, indent);
  const form = schema.format ? ` <${schema.format}>` : '';
  return (schema.type ?? 'any') + form;
}

function writeObject({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(
    ([name, schema]) => `${inner}${name}${required.includes(name) ? '' : '?'}: ${writeType(schema, inner)}`,
  );
  if (typeof additionalProperties === 'object')
    lines.push(`${inner}[key: string]: ${writeType(additionalProperties, inner)}`);
  return lines.length === 0 ? '{}' : ['{', ...lines, `${indent}}`].join('\n');
}

function writeArray({ prefixItems, items }: Schema, indent: string): string {
  if (prefixItems) return `[${prefixItems.map((one) => writeType(one, indent)).join(', ')}]`;
  const item = typeof items === 'object' ? writeType(items, indent) : 'any';
  const isUnion = typeof items === 'object' && (variantsOf(items).length > 1 || (items.enum?.length ?? 0) > 1);
  return isUnion ? `(${item})[]` : `${item}[]`;
}
