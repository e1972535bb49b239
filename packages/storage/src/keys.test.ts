import { newId } from '@pixgen/domain';
import { expect, it } from 'vitest';
import { keys } from './keys.ts';

const [userId, modelId, photoId, jobId, exportId, operationId] = Array.from({ length: 6 }, newId) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const photo = keys.photo(userId, modelId, photoId);
const image = keys.gpuObject({ userId, jobId, attempt: 1, claimEpoch: 2, name: 'image.png' });
const KEYS = [
  [keys.photoUpload(userId, photoId), 'photo', photoId],
  [photo, 'photo', photoId],
  [keys.derivative(photo, 128, 'webp'), 'photo', photoId],
  [image, 'job', jobId],
  [keys.derivative(image, 128, 'webp'), 'job', jobId],
  [keys.dataExport(userId, exportId), 'export', exportId],
  [keys.bundle(userId, operationId, '1-ab'), 'operation', operationId],
] as const;

it.each(KEYS)(
  '%s leads back to its person and thing, and lies below the prefixes that an erasure empties',
  (...row) => {
    const [key, what, id] = row;
    expect(keys.parse(key)).toEqual({ userId, what, id });
    expect(keys.ofUser(userId).filter((prefix) => key.startsWith(prefix))).toHaveLength(1);
    const ofModel = keys.ofModel({ userId, modelId, photoIds: [photoId], jobIds: [jobId] });
    expect(ofModel.filter((prefix) => key.startsWith(prefix))).toHaveLength(what === 'export' ? 0 : 1);
    const ofPhoto = keys.ofPhoto({ userId, modelId, photoId });
    expect(ofPhoto.filter((prefix) => key.startsWith(prefix))).toHaveLength(what === 'photo' ? 1 : 0);
  },
);

it.each(['', 'ready', `u/${userId}`, `u/somebody/${photoId}`, `x/${userId}/${photoId}`, `p/${userId}/${photoId}`])(
  '%s is no key of ours',
  (key) => expect(keys.parse(key)).toBeNull(),
);
