import { fork } from 'node:child_process';
import { Client } from 'pg';
import { startStack } from './stack/stack.ts';
import { startProductSide } from './bench/sides.ts';
const stack = await startStack({ dataDir: '/tmp/zz/probe' + Date.now(), durable: true });
const side: any = await startProductSide({ ...stack.env }, '/tmp/zz/pd' + Date.now());
const child = fork(new URL('./bench/load-client.ts', import.meta.url).pathname, { execArgv: [] });
const run = (load: any, run: string) => new Promise<any>((resolve) => { child.once('message', resolve); child.send({ target: side.target, load, run }); });
const gpuPort = side.target; 
for (const [n, load] of [['warm', { mode: 'closed', jobs: 200, inFlight: 20 }], ['x', { mode: 'closed', jobs: 500, inFlight: Number(process.argv[2] ?? 50) }], ['o', { mode: 'open', jobs: 200, perSecond: 20 }]] as const) {
  const r = await run(load, n); console.log(n, r.result ? { ms: r.result.durationMs, n: r.result.latenciesMs.length, p50: r.result.latenciesMs.sort((a: number, b: number) => a - b)[Math.floor(r.result.latenciesMs.length / 2)], acc: r.result.acceptMs.sort((a: number, b: number) => a - b)[Math.floor(r.result.acceptMs.length / 2)], err: r.result.errors.slice(0, 3) } : r);
}
const rec: any = await (await fetch(`${process.env.ZZ_GPU ?? (side as any).gpuUrl}/record`, { headers: { authorization: 'Bearer q8vB7nM2pR5tY6uI1oA4dF33' } })).json().catch(String);
console.log(rec.totals); const by: any = {}; for (const l of rec.lines ?? []) { const k = [l.kind, l.type ?? l.answer ?? l.state ?? l.purpose ?? '', l.httpStatus ?? '', l.tries ?? ''].join(' '); by[k] = (by[k] ?? 0) + 1; } console.log(by);
const c = new Client({ connectionString: stack.env.DATABASE_URL }); await c.connect();
console.log((await c.query("select relname, n_tup_ins, n_tup_upd, n_tup_del, seq_scan, idx_scan from pg_stat_user_tables where n_tup_ins+n_tup_upd>100")).rows);
await c.end(); child.kill(); await side.stop(); await stack.stop();
