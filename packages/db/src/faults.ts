/** What an error of the database means to a caller. Drivers and Prisma say it in different places; only this file knows. */

/** Names found along the chain of causes: SQLSTATEs, socket errors, Prisma codes. */
function codesOf(error: unknown): { codes: Set<string>; text: string } {
  const codes = new Set<string>();
  const texts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth += 1) {
    const fields = current as Record<string, unknown>;
    for (const name of ['code', 'originalCode', 'errorCode']) {
      if (typeof fields[name] === 'string') codes.add(fields[name]);
    }
    if (typeof fields.message === 'string') texts.push(fields.message);
    const meta = fields.meta as { driverAdapterError?: unknown } | undefined;
    current = fields.cause ?? meta?.driverAdapterError;
  }
  return { codes, text: texts.join('\n') };
}

/**
 * Classes 08 (connection), 53 (out of memory, disk or connections) and 57P (shutdown), broken sockets, an empty pool, a
 * query that did not answer. Repeating the call later may help.
 */
export function isOutage(error: unknown): boolean {
  const { codes, text } = codesOf(error);
  for (const code of codes) {
    if (/^(08|53)[0-9A-Z]{3}$|^57P0\d$|^25006$/.test(code)) return true;
    if (/^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/.test(code)) return true;
    if (/^(P1001|P1002|P1008|P1017|P2024|P2028|P2037)$/.test(code)) return true;
  }
  return /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|not queryable/.test(
    text,
  );
}

/** @param constraint part of the index's or column's name; any unique index when left out */
export function isUniqueViolation(error: unknown, constraint = ''): boolean {
  const { codes, text } = codesOf(error);
  if (!codes.has('23505') && !codes.has('P2002')) return false;
  return constraint === '' || JSON.stringify(details(error)).includes(constraint) || text.includes(constraint);
}

function details(error: unknown): unknown {
  const fields = error as { meta?: unknown; constraint?: unknown; detail?: unknown };
  return [fields.meta ?? null, fields.constraint ?? null, fields.detail ?? null];
}
