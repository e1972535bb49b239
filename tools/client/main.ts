/** `pnpm pack:client [FOLDER]`: packs the typed client for programs outside of this repository, into `dist` when left out. */
import { join, relative } from 'node:path';
import { repositoryRoot } from '../stack/paths.ts';
import { runProgram } from '../stack/run-program.ts';
import { packClient } from './pack.ts';

runProgram(async () => {
  const file = await packClient(process.argv[2] ?? join(repositoryRoot, 'dist'));
  console.log(`Packed ${relative(process.cwd(), file)}: install it with  npm install ${file}`);
  return 0;
});
