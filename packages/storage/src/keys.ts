/**
 * Every storage key is spelled here and nowhere else. The first letter says who may write below it: `u/` clients, with
 * URLs we sign; `o/` GPUs, with URLs we sign; `p/`, `d/` and `z/` only our own processes.
 */
export const keys = {
  /** Quarantine: what a person uploaded, not yet looked at. The store expires this prefix after a day. */
  photoUpload(userId: string, photoId: string): string {
    return `u/${userId}/${photoId}`;
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
  /** Every prefix that holds something of one person. */
  ofUser(userId: string): string[] {
    return [`u/${userId}/`, `p/${userId}/`, `o/${userId}/`, `d/p/${userId}/`, `d/o/${userId}/`, `z/${userId}/`];
  },
} as const;
