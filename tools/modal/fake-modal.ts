/**
 * A Modal of our own for tests: the gRPC server behind `MODAL_SERVER_URL`, spoken to by the SDK's own client. It knows
 * one deployed app, keeps calls with their results, hands large results out as blobs over HTTP, and can be told to
 * fail. Everything that arrived can be read.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { newId } from '@pixgen/domain';
import { Decoder, Encoder } from 'cbor-x';

const PROTO = fileURLToPath(new URL('modal-api.proto', import.meta.url));
const CBOR = 4;
const GOOD_TOKEN = { tokenId: 'ak-test', tokenSecret: 'as-test' };
/** Plain maps, as the SDK and Python write them. */
const OPTIONS = { mapsAsObjects: true, useRecords: false, tagUint8Array: false };
const encoder = new Encoder(OPTIONS);
const decoder = new Decoder(OPTIONS);

/** `GenericResult.status` of Modal's API. */
export const RESULT = {
  success: 1,
  failure: 2,
  terminated: 3,
  timeout: 4,
  initFailure: 5,
  internalFailure: 6,
  outOfMemory: 10,
} as const;

export type Method =
  | 'AuthTokenGet'
  | 'BlobCreate'
  | 'BlobGet'
  | 'FunctionCallCancel'
  | 'FunctionCallFromId'
  | 'FunctionGet'
  | 'FunctionGetOutputs'
  | 'FunctionMap';

/** One request as it came over the wire; `metadata` has single values. */
export type Seen = { method: Method; request: Record<string, unknown>; metadata: Record<string, unknown> };

/** One spawned input: which class and method, and its arguments out of CBOR. */
export type Spawned = { callId: string; className: string; methodName: string; args: unknown; argsBytes: number };

type Result = { status: number; data?: Uint8Array; exception?: string; format: number };
type Fault = { code: number; details: string; times: number; retryAfterSecs?: number } | 'silence';

export type FakeModalOptions = {
  appName?: string;
  classes?: readonly string[];
  tokenId?: string;
  tokenSecret?: string;
  /** Larger results travel as a blob. */
  inlineLimitBytes?: number;
  /** Runs a spawned input; what it resolves to is the call's result. Without it a test ends calls itself. */
  run?: (spawned: Spawned, cancelled: AbortSignal) => Promise<unknown>;
};

export type FakeModal = {
  /** For `MODAL_SERVER_URL`. */
  url: string;
  seen: Seen[];
  spawned: Spawned[];
  /** Answers requests of a method with an error, `times` times (default: for ever), or with nothing at all. */
  fail(
    method: Method,
    fault: { code: number; details?: string; times?: number; retryAfterSecs?: number } | 'silence',
  ): void;
  /** The call ends well with this return value. */
  finish(callId: string, value: unknown): void;
  /** The call ends in another way. */
  end(callId: string, resultStatus: number, exception?: string): void;
  /** The call returns bytes of any format, as an app would that does not answer in CBOR. */
  returnBytes(callId: string, data: Uint8Array, format: number): void;
  /** Blobs are accepted for download and never sent. */
  silenceBlobs(): void;
  close(): Promise<void>;
};

export async function startFakeModal(options: FakeModalOptions = {}): Promise<FakeModal> {
  const { appName = 'pixgen-gpu', classes = ['Trainer', 'Generator'], inlineLimitBytes = 2 * 1024 * 1024 } = options;
  const good = { ...GOOD_TOKEN, ...options };
  const definitions = loadSync(PROTO, { longs: Number, defaults: true });
  const calls = new Map<string, { result: Result | undefined; cancelled: AbortController; changed: Set<() => void> }>();
  const blobs = new Map<string, Uint8Array>();
  const faults = new Map<Method, Fault>();
  const seen: Seen[] = [];
  const spawned: Spawned[] = [];

  let blobsSilent = false;
  const blobServer = createServer((request, response) => {
    if (blobsSilent) return;
    const bytes = blobs.get(request.url?.slice(1) ?? '');
    response.writeHead(bytes ? 200 : 404).end(bytes);
  });
  await new Promise<void>((resolve) => blobServer.listen(0, '127.0.0.1', resolve));
  const blobBase = `http://127.0.0.1:${(blobServer.address() as AddressInfo).port}`;

  function settle(callId: string, result: Result): void {
    const call = calls.get(callId);
    if (!call || call.result) return;
    call.result = result;
    for (const wake of call.changed) wake();
  }

  function found(callId: unknown) {
    const call = calls.get(String(callId));
    if (!call) throw new GrpcFault(status.NOT_FOUND, `FunctionCall ${callId} not found`);
    return call;
  }

  const handlers: Record<Method, (request: Fields, metadata: Record<string, unknown>) => Promise<Fields>> = {
    async AuthTokenGet(_request, metadata) {
      if (metadata['x-modal-token-id'] !== good.tokenId || metadata['x-modal-token-secret'] !== good.tokenSecret) {
        throw new GrpcFault(status.UNAUTHENTICATED, 'Token ID or secret is invalid');
      }
      return { token: jwt() };
    },
    async FunctionGet({ appName: asked, objectTag }) {
      const className = String(objectTag).replace(/\.\*$/, '');
      if (asked !== appName || !classes.includes(className)) throw new GrpcFault(status.NOT_FOUND, 'no such object');
      const method = { supportedInputFormats: [CBOR] };
      return { functionId: `fu-${className}`, handleMetadata: { methodHandleMetadata: { run: method } } };
    },
    async FunctionMap({ functionId, pipelinedInputs }) {
      const [item] = pipelinedInputs as [{ input: { args: Uint8Array; methodName: string } }];
      const callId = `fc-${newId()}`;
      const cancelled = new AbortController();
      calls.set(callId, { result: undefined, cancelled, changed: new Set() });
      const { args, methodName } = item.input;
      const className = String(functionId).slice('fu-'.length);
      const entry = { callId, className, methodName, args: decoder.decode(args), argsBytes: args.length };
      spawned.push(entry);
      options.run?.(entry, cancelled.signal).then(
        (value) => settle(callId, success(value)),
        (error: unknown) => settle(callId, { status: RESULT.failure, exception: String(error), format: 0 }),
      );
      return {
        functionCallId: callId,
        functionCallJwt: 'call-jwt',
        pipelinedInputs: [{ idx: 0, inputId: `in-${callId}`, inputJwt: 'input-jwt' }],
      };
    },
    async FunctionGetOutputs({ functionCallId, timeout }) {
      const call = found(functionCallId);
      if (!call.result && Number(timeout) > 0) {
        await new Promise<void>((resolve) => {
          call.changed.add(resolve);
          setTimeout(resolve, Number(timeout) * 1000).unref();
        });
      }
      if (!call.result) return { outputs: [], numUnfinishedInputs: 1 };
      const { status: resultStatus, data, exception, format } = call.result;
      const large = data && data.length > inlineLimitBytes;
      if (large) blobs.set(String(functionCallId), data);
      const body = large ? { dataBlobId: String(functionCallId) } : data ? { data } : {};
      return { outputs: [{ result: { status: resultStatus, exception, ...body }, dataFormat: format }] };
    },
    async FunctionCallFromId({ functionCallId }) {
      found(functionCallId);
      return { functionCallId };
    },
    async FunctionCallCancel({ functionCallId }) {
      found(functionCallId).cancelled.abort();
      if (!options.run)
        settle(String(functionCallId), { status: RESULT.terminated, exception: 'cancelled', format: 0 });
      return {};
    },
    BlobGet: async ({ blobId }) => ({ downloadUrl: `${blobBase}/${blobId}` }),
    async BlobCreate() {
      throw new GrpcFault(status.UNIMPLEMENTED, 'nothing that PixGen sends is large enough for a blob');
    },
  };

  const server = new Server();
  const implementation: Record<string, UntypedHandleCall> = {};
  for (const [method, handle] of Object.entries(handlers) as Array<[Method, (typeof handlers)[Method]]>) {
    const answered: handleUnaryCall<Fields, Fields> = (call, answer) => {
      const metadata = call.metadata.getMap();
      seen.push({ method, request: call.request, metadata });
      const fault = faults.get(method);
      if (fault === 'silence') return;
      if (fault && fault.times > 0) {
        fault.times -= 1;
        answer({ code: fault.code, details: fault.details, metadata: retryPolicy(fault.code, fault.retryAfterSecs) });
        return;
      }
      if (method !== 'AuthTokenGet' && metadata['x-modal-auth-token'] === undefined) {
        answer({ code: status.UNAUTHENTICATED, details: 'no auth token' });
        return;
      }
      handle(call.request, metadata).then(
        (value) => answer(null, value),
        (error: unknown) =>
          answer(
            error instanceof GrpcFault
              ? error
              : { code: status.INTERNAL, details: `the fake failed: ${String(error)}` },
          ),
      );
    };
    implementation[method] = answered;
  }
  server.addService(definitions['modal.client.ModalClient'] as ServiceDefinition, implementation);

  /** Modal says how long to wait in a message beside the error. */
  function retryPolicy(code: number, retryAfterSecs: number | undefined): Metadata {
    const metadata = new Metadata();
    if (retryAfterSecs === undefined) return metadata;
    const value = encode('RPCRetryPolicy', { retryAfterSecs });
    const details = [{ typeUrl: 'type.googleapis.com/modal.client.RPCRetryPolicy', value }];
    metadata.set('grpc-status-details-bin', encode('RPCStatus', { code, message: '', details }));
    return metadata;
  }

  function encode(message: string, value: Fields): Buffer {
    const type = definitions[`modal.client.${message}`] as MessageTypeDefinition<Fields, Fields>;
    return type.serialize(value);
  }

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    spawned,
    fail: (method, fault) =>
      faults.set(
        method,
        fault === 'silence' ? fault : { details: 'told to fail', times: Number.POSITIVE_INFINITY, ...fault },
      ),
    finish: (callId, value) => settle(callId, success(value)),
    end: (callId, resultStatus, exception = 'it ended badly') =>
      settle(callId, { status: resultStatus, exception, format: 0 }),
    returnBytes: (callId, data, format) => settle(callId, { status: RESULT.success, data, format }),
    silenceBlobs() {
      blobsSilent = true;
    },
    async close() {
      for (const { cancelled } of calls.values()) cancelled.abort();
      server.forceShutdown();
      blobServer.closeAllConnections();
      await new Promise<void>((resolve) => blobServer.close(() => resolve()));
    },
  };
}

type Fields = Record<string, unknown>;

class GrpcFault extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

function success(value: unknown): Result {
  return { status: RESULT.success, data: encoder.encode(value), format: CBOR };
}

/** Unsigned: the client reads only when it ends. */
function jwt(): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ exp: Math.floor(Date.now() / 1000) + 1200 })}.x`;
}
