/** The object store of the test run: the stack of `tools/` sets these variables, on a developer's machine too. */
import { createStorage, type Storage, type StorageOptions } from './storage.ts';

export function testStorageOptions(): StorageOptions {
  return {
    endpoint: required('TEST_S3_ENDPOINT'),
    region: process.env.TEST_S3_REGION ?? 'us-east-1',
    bucket: required('TEST_S3_BUCKET'),
    accessKeyId: required('TEST_S3_ACCESS_KEY_ID'),
    secretAccessKey: required('TEST_S3_SECRET_ACCESS_KEY'),
  };
}

export function createTestStorage(): Storage {
  return createStorage(testStorageOptions());
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests through \`npm test\`, which starts the servers.`);
  return value;
}
