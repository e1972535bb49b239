import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findPython } from './python.ts';

it('says that Python is missing, how to install it, and how to go on without', async () => {
  const missing = findPython(['no-such-python']);
  await expect(missing).rejects.toThrow('Python is missing; PixGen needs 3.11 or newer');
  await expect(missing).rejects.toThrow(/valkey-server or redis-server on PATH.*S3_ENDPOINT.*--gpu=simulator/);
});

it('says which Python is too old', async () => {
  const old = join(mkdtempSync(join(tmpdir(), 'pixgen-python-')), 'python3');
  writeFileSync(old, '#!/bin/sh\necho 3 9\n');
  chmodSync(old, 0o755);
  await expect(findPython([old])).rejects.toThrow(`Python is too old (${old} is 3.9)`);
});

it('passes over an old Python when a new one follows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pixgen-python-'));
  const [old, fresh] = [9, 12].map((minor) => {
    const file = join(folder, `python3.${minor}`);
    writeFileSync(file, `#!/bin/sh\necho 3 ${minor}\n`);
    chmodSync(file, 0o755);
    return file;
  });
  expect(await findPython([old ?? '', fresh ?? ''])).toBe(fresh);
});
