/** The gallery's filters as they stand in the address. */

export type GalleryFilters = { model: string | null; favourite: boolean; trash: boolean };

type Params = Record<string, string | string[] | undefined>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readFilters(params: Params): GalleryFilters {
  const model = typeof params.model === 'string' && UUID.test(params.model) ? params.model : null;
  const trash = params.show === 'trash';
  return { model, favourite: params.show === 'favourites', trash };
}

/** As a query string with its question mark, or nothing. */
export function writeFilters({ model, favourite, trash }: GalleryFilters): string {
  const params = new URLSearchParams();
  if (model) params.set('model', model);
  if (trash) params.set('show', 'trash');
  else if (favourite) params.set('show', 'favourites');
  const text = params.toString();
  return text && `?${text}`;
}

/** What `images.list` gets for them. */
export function listInput({ model, favourite, trash }: GalleryFilters) {
  return { limit: 40, deleted: trash, ...(model && { modelId: model }), ...(favourite && { favourite: true }) };
}
