/** Statements that are put together from parts, so that an execution pays only for what it needs. */

/**
 * Remembers each combination under a short name, for Postgres to keep its plan: names longer than 63 bytes are not told
 * apart there.
 *
 * @param text writes the statement of a combination
 */
export function createStatements<Parts>(
  text: (parts: Parts) => string,
): (name: string, parts: Parts) => { name: string; text: string } {
  const known = new Map<string, { name: string; text: string }>();
  return (name, parts) => {
    const key = `${name} ${JSON.stringify(parts)}`;
    const statement = known.get(key) ?? { name: `${name}-${known.size + 1}`, text: text(parts) };
    known.set(key, statement);
    return statement;
  };
}
