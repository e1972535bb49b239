type Params = Record<string, string | string[] | undefined>;

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The end of the page before, in the address of a list without scripts; what is malformed is left out. */
export function readBefore({ before }: Params): string | null {
  return typeof before === 'string' && ID.test(before) ? before : null;
}
