/** The object store: signed URLs for clients and GPUs, and plain calls for our own processes. */
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { AppError, say } from '@pixgen/domain';
import { createPresigner } from './presign.ts';

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A body that stands still: longer than writing a part takes, which may hold back what is read meanwhile. */
const IDLE_TIMEOUT_MS = 20_000;
const MAX_SOCKETS = 64;
/** Ten thousand parts of this make 160 GB, more than a person's things. */
const PART_BYTES = 16 * 1024 * 1024;
/** As far as S3 lets the clocks of a caller and of itself be apart for any other signed request. */
const MAX_SKEW_MS = 15 * 60_000;
/** S3 deletes at most this many keys per call. */
const DELETE_BATCH = 1000;

export type StorageOptions = {
  /** `http(s)://host:port` as this process reaches the store. Buckets are addressed by path. */
  endpoint: string;
  /** The same store as browsers and GPUs reach it; signed URLs start with it. */
  publicEndpoint?: string | undefined;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** For tests: how long a body may stand still. */
  idleTimeoutMs?: number;
};
export type PutTarget = {
  key: string;
  contentType: string;
  /** The store refuses a body of any other length. */
  sizeBytes: number;
  /** base64; the store refuses a body with another digest. */
  sha256?: string | null;
  /** Refused with 412 when the key exists already. */
  onlyIfAbsent?: boolean;
  expiresInMs: number;
};
/** `headers` must be sent as they are; the client adds `content-length` itself, which is signed too. */
export type SignedPut = { url: string; headers: Record<string, string>; expiresAt: Date };
export type SignedGet = { url: string; expiresAt: Date };
/** `sha256` is base64, null where the store keeps none. */
export type ObjectHead = { sizeBytes: number; contentType: string; sha256: string | null };
export type ListedObject = { key: string; sizeBytes: number; modifiedAt: Date };

export type Storage = ReturnType<typeof createStorage>;

/**
 * Every call that reaches the store throws `UNAVAILABLE` when it does not answer (2 s to connect, 10 s per request, 20 s
 * without a byte of a body, two tries); signing never leaves the process.
 */
export function createStorage(options: StorageOptions) {
  const { bucket } = options;
  const endpoint = new URL(options.endpoint);
  const publicEndpoint = new URL(options.publicEndpoint ?? options.endpoint);
  const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS, keepAliveMsecs: 10_000 };
  const httpAgent = new http.Agent(agentOptions);
  const httpsAgent = new https.Agent(agentOptions);
  const presign = createPresigner(options);
  const s3 = new S3Client({
    endpoint: endpoint.href,
    region: options.region,
    forcePathStyle: true,
    maxAttempts: 2,
    credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      // The one above ends with the first byte of the answer.
      socketTimeout: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
      httpAgent,
      httpsAgent,
    },
    // Stores other than Amazon's do not all know the SDK's own default checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

  /** HEAD by hand: the SDK's pipeline costs several times the request itself, and every finished image pays it. */
  function headOnce(key: string): Promise<http.IncomingMessage> {
    const headers = { 'x-amz-checksum-mode': 'ENABLED' };
    const path = `/${bucket}/${key}`;
    const url = presign({ method: 'HEAD', origin: endpoint, path, headers, expiresInMs: MAX_SKEW_MS, at: new Date() });
    const { request } = endpoint.protocol === 'https:' ? https : http;
    const agent = endpoint.protocol === 'https:' ? httpsAgent : httpAgent;
    return new Promise((resolve, reject) => {
      const call = request(url, { method: 'HEAD', headers, agent, timeout: REQUEST_TIMEOUT_MS }, (response) => {
        response.resume();
        resolve(response);
      });
      call.on('timeout', () => call.destroy(new Error('the store did not answer a HEAD in time')));
      call.on('error', reject);
      call.end();
    });
  }

  return {
    /** @param target.expiresInMs at most 15 minutes for what a GPU writes */
    presignPut(target: PutTarget): SignedPut {
      const at = new Date();
      const headers: Record<string, string> = { 'content-type': target.contentType };
      if (target.sha256) headers['x-amz-checksum-sha256'] = target.sha256;
      if (target.onlyIfAbsent) headers['if-none-match'] = '*';
      const url = presign({
        method: 'PUT',
        origin: publicEndpoint,
        path: `/${bucket}/${target.key}`,
        headers: { ...headers, 'content-length': String(target.sizeBytes) },
        expiresInMs: target.expiresInMs,
        at,
      });
      return { url, headers, expiresAt: new Date(at.getTime() + target.expiresInMs) };
    },

    /** @param target.downloadName makes the browser save the object under this name instead of showing it */
    presignGet(target: { key: string; expiresInMs: number; downloadName?: string }): SignedGet {
      const at = new Date();
      const query: Record<string, string> =
        target.downloadName === undefined ? {} : { 'response-content-disposition': attachment(target.downloadName) };
      const url = presign({
        method: 'GET',
        origin: publicEndpoint,
        path: `/${bucket}/${target.key}`,
        headers: {},
        query,
        expiresInMs: target.expiresInMs,
        at,
      });
      return { url, expiresAt: new Date(at.getTime() + target.expiresInMs) };
    },

    /** @returns null when there is no such object */
    async head(key: string): Promise<ObjectHead | null> {
      const response = await withRetry(async () => {
        const answer = await headOnce(key);
        if ((answer.statusCode ?? 500) >= 500) throw new Error(`the store answered ${answer.statusCode} to a HEAD`);
        return answer;
      });
      if (response.statusCode === 404) return null;
      if (response.statusCode !== 200) throw unavailable(new Error(`HEAD was answered ${response.statusCode}`));
      const checksum = response.headers['x-amz-checksum-sha256'];
      return {
        sizeBytes: Number(response.headers['content-length']),
        contentType: response.headers['content-type'] ?? 'application/octet-stream',
        sha256: typeof checksum === 'string' ? checksum : null,
      };
    },

    /**
     * @returns the bytes, or null when there is no such object
     * @throws {ObjectTooLargeError} before reading an object larger than `maxBytes`
     */
    async read(key: string, maxBytes: number): Promise<Buffer | null> {
      try {
        const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        if (!answer.Body) return null;
        if ((answer.ContentLength ?? 0) > maxBytes) {
          // The SDK's body must be read or destroyed, else its socket never returns to the pool.
          if ('destroy' in answer.Body) answer.Body.destroy();
          throw new ObjectTooLargeError(key, maxBytes);
        }
        return Buffer.from(await answer.Body.transformToByteArray());
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error instanceof ObjectTooLargeError ? error : unavailable(error);
      }
    },

    async write(key: string, bytes: Buffer, contentType: string): Promise<void> {
      await reached(s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: contentType })));
    },

    /** @returns the bytes as they come, to be read to the end or destroyed; null when there is no such object */
    async readStream(key: string): Promise<Readable | null> {
      try {
        const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        // In Node the SDK's body is always a stream of Node's.
        return (answer.Body as Readable | undefined) ?? null;
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw unavailable(error);
      }
    },

    /**
     * Writes an object of unknown length in parts; until the last one is there nobody sees it. A process that dies on the
     * way leaves parts that {@link abortUploads} removes.
     */
    async writeStream(key: string, body: Readable, contentType: string, signal: AbortSignal): Promise<void> {
      const params = { Bucket: bucket, Key: key, Body: body, ContentType: contentType };
      const upload = new Upload({ client: s3, params, queueSize: 2, partSize: PART_BYTES });
      const abort = (): void => void upload.abort();
      signal.addEventListener('abort', abort, { once: true });
      try {
        signal.throwIfAborted();
        await reached(upload.done());
      } finally {
        signal.removeEventListener('abort', abort);
        body.destroy();
      }
    },

    /** Removes parts of objects that were never finished. @param isWanted spares those under way @returns how many uploads were ended */
    async abortUploads(prefix: string, isWanted: (key: string) => boolean = () => false): Promise<number> {
      let ended = 0;
      for (;;) {
        const { Uploads = [] } = await reached(
          s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix })),
        );
        const unwanted = Uploads.filter(({ Key }) => Key !== undefined && !isWanted(Key));
        for (const { Key, UploadId } of unwanted) {
          await reached(s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })));
        }
        ended += unwanted.length;
        if (unwanted.length === 0) return ended;
      }
    },

    async copy(from: string, to: string): Promise<void> {
      await reached(s3.send(new CopyObjectCommand({ Bucket: bucket, CopySource: `${bucket}/${from}`, Key: to })));
    },

    /** Removing what is not there is not an error. */
    async remove(keys: readonly string[]): Promise<void> {
      for (let start = 0; start < keys.length; start += DELETE_BATCH) {
        const Objects = keys.slice(start, start + DELETE_BATCH).map((Key) => ({ Key }));
        const answer = await reached(
          s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } })),
        );
        const failed = answer.Errors?.filter((error) => error.Code !== 'NoSuchKey') ?? [];
        if (failed.length > 0) throw unavailable(new Error(`${failed.length} objects were not deleted`));
      }
    },

    async *list(prefix: string): AsyncGenerator<ListedObject> {
      let ContinuationToken: string | undefined;
      do {
        const answer = await reached(
          s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken })),
        );
        for (const object of answer.Contents ?? []) {
          if (object.Key === undefined) continue;
          yield { key: object.Key, sizeBytes: object.Size ?? 0, modifiedAt: object.LastModified ?? new Date(0) };
        }
        ContinuationToken = answer.IsTruncated ? answer.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    },

    /** Asks whether the bucket answers. */
    async ping(): Promise<void> {
      await reached(s3.send(new HeadBucketCommand({ Bucket: bucket })));
    },

    close(): void {
      s3.destroy();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

async function reached<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw unavailable(error);
  }
}

export class ObjectTooLargeError extends Error {
  constructor(key: string, maxBytes: number) {
    super(`${key} is larger than ${maxBytes} bytes`);
    this.name = 'ObjectTooLargeError';
  }
}

/** One more try after a short pause: the only fault worth it is a keep-alive socket that the store just closed. */
async function withRetry<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch {
    try {
      return await call();
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function unavailable(cause: unknown): AppError {
  // Refusals of the store are faults of ours (keys, bucket): an operator's matter, but never the caller's fault.
  const code = cause instanceof S3ServiceException ? cause.name : 'no answer';
  return new AppError('UNAVAILABLE', say`The file store does not answer. Try again in a moment.`, {
    cause: new Error(`storage: ${code}`, { cause }),
    retryAfterMs: 2_000,
  });
}

/** RFC 6266: an ASCII name for old clients, the real one in UTF-8. */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^A-Za-z0-9 ._-]/g, '_');
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
