/** The gallery's filters as they stand in the address, on the server and in the browser alike. */
import type { ImageFilterInput } from '@pixgen/domain';
import {
  createLoader,
  createParser,
  createSerializer,
  type inferParserType,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
} from 'nuqs/server';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MAX_SEARCH = 200;

/** What does not fit is no filter: an address is never an error. */
const matches = (accept: (value: string) => boolean) =>
  createParser({ parse: (value: string) => (accept(value) ? value : null), serialize: (value: string) => value });
export const uuidParser = matches((value) => UUID.test(value));
const day = matches((value) => DAY.test(value) && !Number.isNaN(Date.parse(value)));
const between = (min: number, max: number) =>
  createParser({
    parse: (value: string) => {
      const number = parseAsInteger.parse(value);
      return number !== null && number >= min && number <= max ? number : null;
    },
    serialize: String,
  });

export const filterParsers = {
  q: createParser({ parse: (value: string) => value.slice(0, MAX_SEARCH), serialize: String }).withDefault(''),
  show: parseAsStringLiteral(['all', 'favourites', 'trash']).withDefault('all'),
  model: uuidParser,
  pack: parseAsString,
  collection: uuidParser,
  rating: between(1, 5),
  shape: parseAsStringLiteral(['portrait', 'landscape', 'square']),
  from: day,
  to: day,
};
export type GalleryFilters = inferParserType<typeof filterParsers>;

/** The page number is no filter: it says where in the list one is. Absent: endless. */
export const pageParser = between(1, 100_000);

export const readFilters = createLoader(filterParsers);
export const readPage = createLoader({ page: pageParser });
/** A path with the filters behind it; defaults are left out. */
export const writeFilters = createSerializer(filterParsers);
export const writePage = createSerializer({ ...filterParsers, page: pageParser });

export const NO_FILTERS: GalleryFilters = {
  q: '',
  show: 'all',
  model: null,
  pack: null,
  collection: null,
  rating: null,
  shape: null,
  from: null,
  to: null,
};

/** How many parts narrow the list; the trash is a place of its own, not a filter. */
export function countFilters(filters: GalleryFilters): number {
  const { q, show, ...rest } = filters;
  return (
    Object.values(rest).filter((value) => value !== null).length + (q.trim() ? 1 : 0) + (show === 'favourites' ? 1 : 0)
  );
}

/** What the API gets for them. Days are the reader's own, from the first minute of one to the last of the other. */
export function filterInput(filters: GalleryFilters): ImageFilterInput {
  const { q, show, model, pack, collection, rating, shape, from, to } = filters;
  return {
    deleted: show === 'trash',
    ...(show === 'favourites' && { favourite: true }),
    ...(q.trim() && { search: q.trim() }),
    ...(model && { modelId: model }),
    ...(pack && { pack }),
    ...(collection && { collectionId: collection }),
    ...(rating !== null && { minRating: rating }),
    ...(shape && { orientation: shape }),
    ...(from && { from: startOf(from, 0) }),
    ...(to && { before: startOf(to, 1) }),
  };
}

/** The server knows nobody's midnight: it leaves lists by day to the browser. */
export function needsBrowser(filters: GalleryFilters): boolean {
  return filters.from !== null || filters.to !== null;
}

function startOf(text: string, plusDays: number): string {
  const [year = 1970, month = 1, date = 1] = text.split('-').map(Number);
  return new Date(year, month - 1, date + plusDays).toISOString();
}
