/** One container of the deployed app, as a process on this machine: the real `gpu/modal_app.py`, without an account. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Spawned } from './fake-modal.ts';

export type Container = {
  /** Runs one input after the other. A cancel kills the process, as `terminateContainers` does; the next starts anew. */
  run: (spawned: Spawned, cancelled: AbortSignal) => Promise<unknown>;
  stop(): Promise<void>;
};

export function createContainer(python: string, gpuFolder: string, apiBase: string): Container {
  let child: ChildProcess | undefined;
  let lines: Interface | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function start(): ChildProcess {
    const started = spawn(python, ['-m', 'tests.modal_container'], {
      cwd: gpuFolder,
      env: { ...process.env, PIXGEN_API_BASE: apiBase, GPU_PROFILE: 'nano', MODAL_CONFIG_PATH: '/nonexistent' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (started.stdout) lines = createInterface(started.stdout);
    return started;
  }

  async function runNow({ className, callId, args }: Spawned, cancelled: AbortSignal): Promise<unknown> {
    cancelled.throwIfAborted();
    if (child?.exitCode !== null || child.signalCode !== null) child = start();
    const container = child;
    const kill = () => container.kill('SIGKILL');
    cancelled.addEventListener('abort', kill);
    try {
      const exited = once(container, 'exit').then(() => Promise.reject(new Error('the container ended')));
      exited.catch(() => {});
      const answered = once(lines as Interface, 'line');
      container.stdin?.write(`${JSON.stringify({ className, callId, args })}\n`);
      const [line] = (await Promise.race([answered, exited])) as [string];
      return JSON.parse(line);
    } finally {
      cancelled.removeEventListener('abort', kill);
    }
  }

  return {
    run(spawned, cancelled) {
      const next = last.then(() => runNow(spawned, cancelled));
      last = next.catch(() => {});
      return next;
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
