import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { reasonOf } from './exit-reason.ts';
import { PlainError } from './plain-error.ts';
import { Service, type ServiceSpec } from './process.ts';
import { keepRunning } from './supervise.ts';

const started: Service[] = [];
afterEach(() => Promise.all(started.splice(0).map((service) => service.stop())));

function program(script: string, more: Partial<ServiceSpec> = {}): Service {
  const folder = mkdtempSync(join(tmpdir(), 'pixgen-service-'));
  const service = new Service({
    name: 'worker',
    command: process.execPath,
    args: ['-e', script],
    cwd: folder,
    env: { PATH: process.env.PATH },
    logFile: join(folder, 'worker.log'),
    isReady: () => Promise.resolve(true),
    ...more,
  });
  started.push(service);
  return service;
}

it('starts a crashed app again and gives its last error line as the reason, not a stack trace', async () => {
  const service = program(
    `setTimeout(() => { console.error('Error: queue is gone\\n    at main (x.js:1)'); process.exit(3) }, 20)`,
  );
  const reasons: string[] = [];
  await service.start();
  const end = keepRunning(service, (exit) => reasons.push(reasonOf(exit)));
  await once(service, 'exit');
  const [pid] = await once(service, 'spawn');
  expect(pid).toBeGreaterThan(0);
  end();
  expect(reasons).toEqual(['Error: queue is gone (exit code 3)']);
});

it('waits longer after each crash', async () => {
  const service = program('setTimeout(() => process.exit(1), 5)');
  const waits: number[] = [];
  await service.start();
  const twice = new Promise<void>((resolve) => {
    const end = keepRunning(service, (_exit, waitMs) => {
      waits.push(waitMs);
      if (waits.length === 2) {
        end();
        resolve();
      }
    });
  });
  await twice;
  expect(waits).toEqual([500, 1000]);
});

it('leaves an app that was stopped on purpose alone', async () => {
  const service = program('setInterval(() => {}, 1000)');
  await service.start();
  const crashes: unknown[] = [];
  const end = keepRunning(service, (exit) => crashes.push(exit));
  await service.stop();
  expect(crashes).toEqual([]);
  expect(service.pid).toBeUndefined();
  end();
});

it('reports a program that ends while starting, with what it said', async () => {
  const service = program(`console.log('PORT is not a number'); process.exit(1)`, {
    isReady: () => Promise.resolve(false),
  });
  const refused = service.start();
  await expect(refused).rejects.toThrow(PlainError);
  await expect(refused).rejects.toThrow(
    /^worker stopped while starting: PORT is not a number \(exit code 1\)\. Its log: /,
  );
});

it('reports a program that does not exist', async () => {
  const service = program('', { command: '/no/such/program', isReady: () => Promise.resolve(false) });
  await expect(service.start()).rejects.toThrow('/no/such/program');
});

it('kills a program that ignores its stop signal, and the children it left', async () => {
  const child = `require('node:child_process').spawn('sleep', ['60'], { stdio: 'ignore' })`;
  const script = `process.on('SIGTERM', () => {}); console.log('child', ${child}.pid); setInterval(() => {}, 1000)`;
  const { readFileSync } = await import('node:fs');
  const service = program(script, {
    stopDeadlineMs: 100,
    isReady: async () => readFileSync(service.logFile, 'utf8').includes('child'),
  });
  await service.start();
  const pid = Number(readFileSync(service.logFile, 'utf8').match(/child (\d+)/)?.[1]);
  await service.stop();
  await expect.poll(() => exists(pid)).toBe(false);
});

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it.each([
  [
    "node:internal/modules\n  throw err;\n  ^\n\nError: Cannot find module 'x'\n    at load (a.js:1) {\n  code: 'MODULE_NOT_FOUND'\n}\n\nNode.js v24",
    "Error: Cannot find module 'x'",
  ],
  [
    'Traceback (most recent call last):\n  File "a.py", line 1\nModuleNotFoundError: No module named torch',
    'ModuleNotFoundError: No module named torch',
  ],
  [
    '{"level":30,"msg":"listening"}\n{"level":60,"msg":"database is gone"}\n{"level":30,"msg":"closing"}',
    'database is gone',
  ],
  [
    'LOG:  starting\nFATAL:  lock file "postmaster.pid" already exists',
    'FATAL:  lock file "postmaster.pid" already exists',
  ],
  ['goodbye', 'goodbye'],
])('finds the telling line in %j', (lastLines, reason) => {
  expect(reasonOf({ code: 1, signal: null, expected: false, lastLines })).toBe(`${reason} (exit code 1)`);
});
