import { existsSync, rmSync } from 'node:fs';
import { isDataFolder, openDataFolder } from './data-folder.ts';
import { PlainError } from './plain-error.ts';
import { postgresFolderOutside } from './postgres.ts';

/**
 * Deletes everything in a data folder: database, queue, objects, secrets. Refuses a folder that is in use or is not ours.
 * A folder of another version can be reset too: that is the way out its refusal names.
 */
export async function resetDataFolder(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  if (!isDataFolder(directory)) throw new PlainError(`${directory} is not a PixGen data folder; it is left alone.`);
  const folder = await openDataFolder(directory, { anyVersion: true });
  const outside = postgresFolderOutside(folder.path);
  if (outside) rmSync(outside, { recursive: true, force: true });
  rmSync(folder.path, { recursive: true, force: true });
}
