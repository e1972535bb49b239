/**
 * Every storage key is spelled here and nowhere else. The first letter says who may write below it: `u/` clients, with
 * URLs we sign; `o/` GPUs, with URLs we sign; `p/`, `d/`, `e/` and `z/` only our own processes.
 */
export const keys = {
  /** Whose store this is: as in the database, or one of the two is the wrong one. */
  installation: 'installation.json',
  /** Prefix of the quarantine: nothing stays below it for more than a day. */
  quarantine: 'u/',
  /** Quarantine: what a person uploaded, not yet looked at. */
  photoUpload(userId: string, photoId: string): string {
    return `u/${userId}/${photoId}`;
  },
  /** What a check of the store writes and, where it can, takes away again. */
  check(id: string): string {
    return `u/check/${id}`;
  },
  /** The validated, re-encoded copy of a photo. No URL that writes it is ever signed. */
  photo(userId: string, modelId: string, photoId: string): string {
    return `p/${userId}/${modelId}/${photoId}.jpg`;
  },
  /**
   * What one claim of one attempt wrote: an older epoch can never overwrite a newer one's object. No slash
   * behind the person: a store that keeps folders would make two more for every job.
   */
  gpuObject(object: { userId: string; jobId: string; attempt: number; claimEpoch: number; name: string }): string {
    return `${keys.gpuJob(object.userId, object.jobId)}${object.attempt}-${object.claimEpoch}.${object.name}`;
  },
  /** Prefix of everything a job's attempts wrote. */
  gpuJob(userId: string, jobId: string): string {
    return `o/${userId}/${jobId}.`;
  },
  /** A smaller version of a photo or image; may be deleted at any time and is made again when asked for. */
  derivative(sourceKey: string, widthPx: number, format: 'avif' | 'webp'): string {
    return `${keys.derivatives(sourceKey)}${widthPx}.${format}`;
  },
  /** Prefix of all smaller versions of one object. */
  derivatives(sourceKey: string): string {
    return `d/${sourceKey}/`;
  },
  /** Prefix of the smaller versions of all objects below a prefix. */
  derivativesBelow(prefix: string): string {
    return `d/${prefix}`;
  },
  /** One file of a download of many images; swept a day after it was made. */
  bundle(userId: string, operationId: string, part: string): string {
    return `${keys.bundles(userId, operationId)}${part}.zip`;
  },
  /** Prefix of all files of one download. */
  bundles(userId: string, operationId: string): string {
    return `z/${userId}/${operationId}/`;
  },
  /** A person's copy of everything, for a day. */
  dataExport(userId: string, exportId: string): string {
    return `${keys.dataExports(userId)}${exportId}.zip`;
  },
  /** Prefix of all of them. */
  dataExports(userId: string): string {
    return `e/${userId}/`;
  },
  /** Every prefix that holds something of one person. */
  ofUser(userId: string): string[] {
    return [
      `u/${userId}/`,
      `p/${userId}/`,
      `o/${userId}/`,
      `d/p/${userId}/`,
      `d/o/${userId}/`,
      `e/${userId}/`,
      `z/${userId}/`,
    ];
  },
  /** Every prefix that holds something of one model. */
  ofModel(model: { userId: string; modelId: string; photoIds: string[]; jobIds: string[] }): string[] {
    const { userId, modelId, photoIds, jobIds } = model;
    const jobs = jobIds.map((jobId) => keys.gpuJob(userId, jobId));
    return [
      ...photoIds.map((photoId) => keys.photoUpload(userId, photoId)),
      `p/${userId}/${modelId}/`,
      `d/p/${userId}/${modelId}/`,
      ...jobs.flatMap((prefix) => [prefix, keys.derivativesBelow(prefix)]),
      // Downloads of many images may hold some of this model's.
      `z/${userId}/`,
    ];
  },
  /** Everything that holds one photo. */
  ofPhoto(photo: { userId: string; modelId: string; photoId: string }): string[] {
    const key = keys.photo(photo.userId, photo.modelId, photo.photoId);
    return [keys.photoUpload(photo.userId, photo.photoId), key, keys.derivatives(key)];
  },
  /** Everything that holds one image, downloads of many among it. */
  ofImage(image: { userId: string; objectKey: string }): string[] {
    return [image.objectKey, keys.derivatives(image.objectKey), `z/${image.userId}/`];
  },
  /** The person that a key belongs to, and the thing it was made for; null for keys of no form of ours. */
  parse(key: string): { userId: string; what: 'photo' | 'job' | 'export' | 'operation'; id: string } | null {
    const [prefix = '', userId = '', ...rest] = key.replace(/^d\//, '').split('/');
    // What follows an id in its segment, a dot and more, is no part of it.
    const [first = '', second = ''] = rest.map((segment) => segment.slice(0, ID_LENGTH));
    if (!isId(userId)) return null;
    if (prefix === 'u' && isId(first)) return { userId, what: 'photo', id: first };
    if (prefix === 'p' && isId(second)) return { userId, what: 'photo', id: second };
    if (prefix === 'o' && isId(first)) return { userId, what: 'job', id: first };
    if (prefix === 'e' && isId(first)) return { userId, what: 'export', id: first };
    if (prefix === 'z' && isId(first)) return { userId, what: 'operation', id: first };
    return null;
  },
} as const;

const ID_LENGTH = 36;

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
