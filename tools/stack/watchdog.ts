import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Makes services die with this process, however it dies. A tiny shell reads a pipe whose only writer is this process; when the
 * pipe ends, even by `kill -9`, the shell stops every process group it was told of, and kills what is left after five seconds.
 * (`prctl(PR_SET_PDEATHSIG)` does the same on Linux only, and not across a change of user.)
 */
const SCRIPT = `
trap '' INT TERM HUP
list=
while read -r verb pid signal; do
  case $verb in
    add) list="$list $pid:$signal" ;;
    remove) kept=; for entry in $list; do [ "\${entry%%:*}" = "$pid" ] || kept="$kept $entry"; done; list=$kept ;;
  esac
done
for entry in $list; do kill -s "\${entry##*:}" -- "-\${entry%%:*}" 2>/dev/null; done
tries=0
while [ $tries -lt 50 ]; do
  alive=; for entry in $list; do kill -s 0 -- "-\${entry%%:*}" 2>/dev/null && alive="$alive $entry"; done
  list=$alive
  [ -z "$list" ] && exit 0
  tries=$((tries + 1))
  sleep 0.1
done
for entry in $list; do kill -s KILL -- "-\${entry%%:*}" 2>/dev/null; done
`;

let shell: ChildProcess | undefined;

function tell(line: string): void {
  if (shell === undefined) {
    // Its own session, so that Ctrl-C in the terminal does not reach it before the services are stopped in order.
    const started = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    started.once('exit', () => {
      if (shell === started) shell = undefined;
    });
    started.stdin.on('error', () => undefined);
    started.unref();
    // Neither end may keep this process alive.
    if ('unref' in started.stdin && typeof started.stdin.unref === 'function') started.stdin.unref();
    shell = started;
  }
  shell.stdin?.write(`${line}\n`);
}

/** From now on the process group of `pid` gets `signal` when this process ends. */
export function guardGroup(pid: number, signal: NodeJS.Signals): void {
  tell(`add ${pid} ${signal.replace(/^SIG/, '')}`);
}

/** Call when the group has ended, before its id can be used again by a stranger. */
export function releaseGroup(pid: number): void {
  tell(`remove ${pid}`);
}
