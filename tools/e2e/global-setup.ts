import { buildWeb, isWebBuilt } from '../stack/web-build.ts';

/** Once, before files that run beside each other would all do it. */
export async function setup(): Promise<void> {
  if (!isWebBuilt()) await buildWeb();
}
