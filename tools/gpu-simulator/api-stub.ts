/**
 * The API's side of the GPU protocol, in memory, for tests of GPU hosts: claim, upload URLs, signed events, and an
 * object store that refuses what was not signed. It reads every body with the protocol's strict schemas and keeps what
 * it saw; the faults of each job are set by its test.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import {
  type ClaimRequest,
  claimRequest,
  type GpuEvent,
  gpuEvent,
  newId,
  type Ticket,
  type UploadRequest,
  uploadRequest,
  type WorkOrder,
  workOrder,
} from '@pixgen/domain';
import Fastify, { type FastifyInstance } from 'fastify';
import { Webhook } from 'standardwebhooks';

const TICKET_KEY = randomBytes(32);

/** What differs between a train and a generate order; the stub fills in the rest. */
export type OrderBody = OmitEach<
  WorkOrder,
  'jobId' | 'attempt' | 'claimEpoch' | 'signingSecret' | 'eventsUrl' | 'uploadsUrl' | 'profile'
>;
type OmitEach<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

type SeenEvent = { at: number; event: GpuEvent; webhookId: string; answered: number };
type StoredFile = { bytes: Buffer; request: UploadRequest };

/** One job with what the GPU did to it, and what its test makes of the answers. */
export type StubJob = {
  ticket: Ticket;
  order: OrderBody;
  claims: ClaimRequest[];
  claimedBy: string | null;
  epoch: number;
  secrets: Map<number, string>;
  uploads: UploadRequest[];
  events: SeenEvent[];
  /** Status instead of a grant, e.g. 410. */
  answerClaim: (request: ClaimRequest) => number | null;
  answerUpload: (request: UploadRequest) => number | null;
  answerEvent: (event: GpuEvent, webhookId: string) => number | null;
  /** Sent with the answer to an event. */
  retryAfterS: number | null;
};

export type ApiStub = {
  /** What a GPU host is given as the base of the API. */
  base: string;
  addJob(order: OrderBody, overrides?: Partial<StubJob>): StubJob;
  /** Serves bytes to the GPU as the presigned GET of a work order would. */
  addSource(bytes: Buffer): { url: string; sizeBytes: number; sha256: string };
  files: Map<string, StoredFile>;
  /** Everything that broke the protocol: bodies that do not parse, wrong signatures, unsigned PUTs. */
  faults: string[];
  close(): Promise<void>;
};

export async function startApiStub(): Promise<ApiStub> {
  const app = Fastify({ bodyLimit: 64 * 1024 * 1024 });
  // Raw bytes everywhere: signatures cover bytes, not what a parser makes of them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const jobs = new Map<string, StubJob>();
  const stub: ApiStub = {
    base: '',
    files: new Map(),
    faults: [],
    addJob(order, overrides = {}) {
      const jobId = newId();
      const token = createHmac('sha256', TICKET_KEY).update(jobId).digest('hex');
      const ticket = { jobId, attempt: 1, token, claimUrl: `${stub.base}/gpu/claim` };
      const job: StubJob = {
        ticket,
        order,
        claims: [],
        claimedBy: null,
        epoch: 0,
        secrets: new Map(),
        uploads: [],
        events: [],
        answerClaim: () => null,
        answerUpload: () => null,
        answerEvent: () => null,
        retryAfterS: null,
        ...overrides,
      };
      jobs.set(jobId, job);
      return job;
    },
    addSource(bytes) {
      const sha256 = digestOf(bytes);
      const name = randomBytes(8).toString('hex');
      sources.set(name, bytes);
      return { url: `${stub.base}/sources/${name}`, sizeBytes: bytes.length, sha256 };
    },
    close: () => app.close(),
  };
  const sources = new Map<string, Buffer>();
  app.get<{ Params: { name: string } }>('/sources/:name', (request, reply) => {
    const bytes = sources.get(request.params.name);
    return bytes ? reply.type('application/octet-stream').send(bytes) : reply.code(404).send();
  });
  routeClaims(app, stub, jobs);
  routeUploads(app, stub, jobs);
  routeEvents(app, stub, jobs);
  stub.base = await app.listen({ host: '127.0.0.1', port: 0 });
  return stub;
}

function routeClaims(app: FastifyInstance, stub: ApiStub, jobs: Map<string, StubJob>): void {
  app.post('/gpu/claim', (request, reply) => {
    const claim = read(stub, 'claim', claimRequest, request.body);
    const job = claim && jobs.get(claim.jobId);
    if (!job || job.ticket.token !== claim.token) return reply.code(401).send();
    job.claims.push(claim);
    const refusal = job.answerClaim(claim);
    if (refusal !== null) return reply.code(refusal).send();
    if (job.claimedBy !== null && job.claimedBy !== claim.callId) return reply.code(409).send();
    job.claimedBy = claim.callId;
    job.epoch++;
    const signingSecret = `whsec_${randomBytes(32).toString('base64')}`;
    job.secrets.set(job.epoch, signingSecret);
    const { jobId, attempt } = claim;
    return workOrder.parse({
      ...job.order,
      jobId,
      attempt,
      claimEpoch: job.epoch,
      signingSecret,
      eventsUrl: `${stub.base}/webhooks/gpu`,
      uploadsUrl: `${stub.base}/gpu/uploads`,
      profile: 'nano',
    });
  });
}

function routeUploads(app: FastifyInstance, stub: ApiStub, jobs: Map<string, StubJob>): void {
  const signed = new Map<string, UploadRequest>();
  app.post('/gpu/uploads', (request, reply) => {
    const upload = read(stub, 'upload request', uploadRequest, request.body);
    const job = upload && jobs.get(upload.jobId);
    if (!job || job.ticket.token !== upload.token) return reply.code(401).send();
    job.uploads.push(upload);
    const refusal = upload.claimEpoch === job.epoch ? job.answerUpload(upload) : 410;
    if (refusal !== null) return reply.code(refusal).send();
    const name = upload.imageId ?? `${upload.purpose}-${upload.step}`;
    const key = `${upload.jobId}/e${upload.claimEpoch}/${name}`;
    signed.set(key, upload);
    const headers = {
      'content-type': upload.contentType,
      'x-amz-checksum-sha256': upload.sha256,
      'if-none-match': '*',
    };
    return { url: `${stub.base}/store/${key}`, headers, key };
  });
  app.put<{ Params: { '*': string } }>('/store/*', (request, reply) => {
    const key = request.params['*'];
    const upload = signed.get(key);
    const bytes = request.body as Buffer;
    const exact =
      upload &&
      bytes.length === upload.sizeBytes &&
      digestOf(bytes) === upload.sha256 &&
      request.headers['content-type'] === upload.contentType &&
      request.headers['content-length'] === String(upload.sizeBytes) &&
      request.headers['x-amz-checksum-sha256'] === upload.sha256 &&
      request.headers['if-none-match'] === '*';
    if (!exact) {
      stub.faults.push(`PUT of ${key} is not what was signed`);
      return reply.code(403).send();
    }
    if (stub.files.has(key)) return reply.code(412).send();
    stub.files.set(key, { bytes, request: upload });
    return reply.send();
  });
}

function routeEvents(app: FastifyInstance, stub: ApiStub, jobs: Map<string, StubJob>): void {
  app.post('/webhooks/gpu', (request, reply) => {
    const body = request.body as Buffer;
    const event = read(stub, 'event', gpuEvent, body);
    const job = event && jobs.get(event.jobId);
    if (!job) return reply.code(400).send();
    const headers = request.headers as Record<string, string>;
    if (!/^\d{10}$/.test(headers['webhook-timestamp'] ?? '')) stub.faults.push('timestamp is not seconds');
    try {
      new Webhook(job.secrets.get(event.claimEpoch) ?? 'whsec_AAAA').verify(body.toString(), headers);
    } catch {
      stub.faults.push(`wrong signature on ${event.type}`);
      return reply.code(401).send();
    }
    const webhookId = headers['webhook-id'] ?? '';
    const answered = event.claimEpoch === job.epoch ? (job.answerEvent(event, webhookId) ?? 202) : 410;
    job.events.push({ at: performance.now(), event, webhookId, answered });
    if (job.retryAfterS !== null) reply.header('retry-after', job.retryAfterS);
    return reply.code(answered).send();
  });
}

function read<T>(stub: ApiStub, what: string, schema: { parse(value: unknown): T }, body: unknown): T | null {
  try {
    return schema.parse(JSON.parse(String(body)));
  } catch (error) {
    stub.faults.push(`${what} does not parse: ${error}`);
    return null;
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}
