/**
 * Writes `generated/gpu-protocol.schema.json` (JSON Schema 2020-12, one `$defs` entry per message), from which Python's
 * models are generated. `--check` fails when the file is stale instead of writing it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import * as protocol from '../src/gpu-protocol.ts';

const MESSAGES = {
  Ticket: protocol.ticket,
  SubmitAnswer: protocol.submitAnswer,
  ClaimRequest: protocol.claimRequest,
  TrainSettings: protocol.trainSettings,
  PlannedImage: protocol.plannedImage,
  TrainOrder: protocol.trainOrder,
  GenerateOrder: protocol.generateOrder,
  WorkOrder: protocol.workOrder,
  UploadRequest: protocol.uploadRequest,
  UploadAnswer: protocol.uploadAnswer,
  GpuFailureCode: protocol.gpuFailureCode,
  GpuPhase: protocol.gpuPhase,
  GpuProfile: protocol.gpuProfile,
  HeartbeatEvent: protocol.heartbeatEvent,
  ProgressEvent: protocol.progressEvent,
  PreviewEvent: protocol.previewEvent,
  SafetyVerdict: protocol.safetyVerdict,
  ImageEvent: protocol.imageEvent,
  CheckpointEvent: protocol.checkpointEvent,
  WeightsEvent: protocol.weightsEvent,
  SampleEvent: protocol.sampleEvent,
  SucceededEvent: protocol.succeededEvent,
  FailedEvent: protocol.failedEvent,
  GpuEvent: protocol.gpuEvent,
  TerminalEvent: protocol.terminalEvent,
  CallStatus: protocol.callStatus,
} satisfies Record<string, z.ZodType>;

function exportSchema(): string {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(MESSAGES)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/$defs/${id}`, target: 'draft-2020-12' });
  for (const schema of Object.values(schemas)) {
    delete schema.$schema;
    delete schema.$id;
  }
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'PixGenGpuProtocol',
    $defs: schemas,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function main(): void {
  const file = new URL('../generated/gpu-protocol.schema.json', import.meta.url);
  const text = exportSchema();
  if (process.argv.includes('--check')) {
    if (readFileSync(file, 'utf8') !== text)
      throw new Error('generated/gpu-protocol.schema.json is stale: run this script without --check');
    return;
  }
  writeFileSync(file, text);
}

main();
