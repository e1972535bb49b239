/** What a call takes: each field with its type and what it must keep to. */
import { type Schema, withoutNull, writeType } from './schema';

export type Place = 'path' | 'query' | 'header' | 'body';
/** `min` and `max` are null where there is no such bound. */
export type Bound =
  | { kind: 'number' | 'characters' | 'entries'; min: number | null; max: number | null }
  | { kind: 'step'; of: number }
  | { kind: 'pattern' | 'default'; text: string };
export type Field = {
  name: string;
  place: Place;
  type: string;
  required: boolean;
  bounds: readonly Bound[];
  text: string | null;
};

/**
 * A field, and those within it: `overrides.steps` of an object, `photos[].id` of a list of objects. What may be one of
 * several objects is told by its type alone.
 */
export function fieldsOf(
  name: string,
  place: Place,
  schema: Schema,
  more: { required: boolean; text?: string | undefined },
): Field[] {
  const own = withoutNull(schema);
  const { required, text = schema.description } = more;
  const isObject = own.type === 'object' && own.properties !== undefined;
  const type = isObject ? 'object' : writeType(schema);
  const field = { name, place, required, bounds: boundsOf(own), text: text ?? null };
  if (isObject) return [{ ...field, type: own === schema ? type : `${type} | null` }, ...innerFields(name, place, own)];
  const items = own.type === 'array' && typeof own.items === 'object' ? own.items : null;
  if (items?.properties) return [{ ...field, type: 'object[]' }, ...innerFields(`${name}[]`, place, items)];
  const within = items && boundsOf(items).length > 0 ? fieldsOf(`${name}[]`, place, items, { required: true }) : [];
  return [{ ...field, type }, ...within];
}

function innerFields(above: string, place: Place, { properties = {}, required = [] }: Schema): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    fieldsOf(`${above}.${name}`, place, schema, { required: required.includes(name) }),
  );
}

function boundsOf(schema: Schema): Bound[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, multipleOf, pattern, format } = schema;
  return [
    ...between('number', isLimit(minimum) ? minimum : undefined, isLimit(maximum) ? maximum : undefined),
    ...between('characters', minLength, maxLength),
    ...between('entries', minItems, maxItems),
    ...(multipleOf === undefined ? [] : [{ kind: 'step', of: multipleOf } as const]),
    // The pattern of a format says in signs what its name says.
    ...(pattern === undefined || format !== undefined ? [] : [{ kind: 'pattern', text: pattern } as const]),
    ...(isWorthSaying(schema.default) ? [{ kind: 'default', text: JSON.stringify(schema.default) } as const] : []),
  ];
}

function between(kind: 'number' | 'characters' | 'entries', min?: number, max?: number): Bound[] {
  return min === undefined && max === undefined ? [] : [{ kind, min: min ?? null, max: max ?? null }];
}

/** Whole numbers are written with the largest that JavaScript has. */
function isLimit(bound: number | undefined): boolean {
  return bound !== undefined && Math.abs(bound) !== Number.MAX_SAFE_INTEGER;
}

function isWorthSaying(value: unknown): boolean {
  return value !== undefined && value !== '' && JSON.stringify(value) !== '{}';
}
