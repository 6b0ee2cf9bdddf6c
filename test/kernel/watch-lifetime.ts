/** What an open watch means for the program or worker that it is in. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t from 'tap';

function epollSets(): number {
  const target = (fd: string) =>
    lstatSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false }) && readlinkSync(`/proc/self/fd/${fd}`);
  return readdirSync('/proc/self/fd').filter((fd) => target(fd) === 'anon_inode:[eventpoll]').length;
}

/** Runs a program that has `Watch`, `pair` and `send`, and waits for its end. */
function run(body: string) {
  const url = (file: string) => JSON.stringify(new URL(`../../src/kernel/${file}.js`, import.meta.url).href);
  const program = `
    import { receive, send, socketPair } from ${url('seqpacket')};
    import { Watch } from ${url('watch')};
    const byte = Buffer.from('x');
    const pair = () => socketPair('seqpacket')._unsafeUnwrap();
    ${body}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
}

t.test('an exception in a callback is uncaught, and the rest is told', async (t) => {
  const { status, stdout, stderr } = run(`
    const watch = new Watch();
    const pairs = [pair(), pair(), pair()];
    let left = 3;
    process.on('uncaughtException', (error) => {
      console.log(error.message);
      if (--left === 0) watch.close();
    });
    for (const [index, [one, other]] of pairs.entries()) {
      send(other.fd, byte, []);
      watch.add(one.fd, { read: true }, () => {
        receive(one.fd, 0);
        console.log('told ' + index);
        if (index < 2) throw new Error('thrown ' + index);
        if (index === 2) setImmediate(() => send(pairs[0][1].fd, byte, []));
      });
    }`);
  t.equal(stderr, '');
  t.equal(stdout, 'told 0\ntold 1\ntold 2\nthrown 0\nthrown 1\ntold 0\nthrown 0\n');
  t.equal(status, 0);
  t.match(
    run(`
    const watch = new Watch();
    const [one, other] = pair();
    other.close();
    watch.add(one.fd, {}, () => { throw new Error('nobody catches this'); });`),
    {
      status: 1,
      stderr: /Error: nobody catches this/,
    },
  );
});

t.test('an open watch keeps a program alive, a let-go or closed one does not', async (t) => {
  const waits = `
    const watch = new Watch();
    const [one, other] = pair();
    send(other.fd, byte, []);
    watch.add(one.fd, { read: true }, () => { console.log('told'); watch.close(); });`;
  t.match(run(waits), { status: 0, stdout: 'told\n', stderr: '' });
  t.match(run(`${waits} watch.unref();`), { status: 0, stdout: '', stderr: '' });
  t.match(run(`${waits} watch.unref(); watch.ref();`), { status: 0, stdout: 'told\n', stderr: '' });
  t.match(run(`${waits} watch.close();`), { status: 0, stdout: '', stderr: '' });
  t.match(run(`${waits} process.exit(3);`), { status: 3, stdout: '', stderr: '' });
  t.match(run(`const watch = new Watch(); process.exitCode = 4; watch.unref();`), { status: 4, stderr: '' });
});

t.test('in a worker, which may be terminated at any time', async (t) => {
  const before = epollSets();
  const url = (file: string) => JSON.stringify(new URL(`../../src/kernel/${file}.js`, import.meta.url).href);
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    Promise.all([import(${url('watch')}), import(${url('seqpacket')})]).then(([{ Watch }, { receive, send, socketPair }]) => {
      const watch = new Watch();
      const [one, other] = socketPair('seqpacket')._unsafeUnwrap();
      send(other.fd, Buffer.from('x'), []);
      watch.add(one.fd, { read: true }, () => {
        if (workerData === 'close') receive(one.fd, 0);
        parentPort.postMessage('told');
        // What was posted could be lost with a thread that exits at once
        if (workerData === 'exit') parentPort.once('message', () => process.exit(0));
        if (workerData === 'close') for (const each of [watch, one, other]) each.close();
      });
      watch.add(other.fd, {}, () => undefined);
      globalThis.kept = [one, other];
    });`;
  for (const way of ['close', 'exit', 'terminate', 'terminate'] as const) {
    const worker = new Worker(program, { eval: true, workerData: way });
    const [words] = await once(worker, 'message');
    t.equal(words, 'told', way);
    const ended = once(worker, 'exit');
    if (way === 'exit') worker.postMessage('go');
    if (way === 'terminate') await worker.terminate();
    await ended;
  }
  while (epollSets() > before) await nextTurn();
  t.equal(epollSets(), before);
});
