/** A client of the broker as another user: a process of its own, which gives up root once all its code is read. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Result } from 'neverthrow';
import { describeClientError } from '../../src/client/error.js';
import { listPorts, releaseGrant } from '../../src/client/verbs.js';
import type { GrantId } from '../../src/core/names.js';
import type { PortListing } from '../../src/protocol/listing.js';
import type { User } from './guest/qemu-command.js';

interface Order {
  readonly user: User;
  readonly socket: string;
  /** Left out: list the ports. */
  readonly release?: string;
}

/** An error is in the words that `fdbroker` would print. */
type Answer = { readonly value: unknown } | { readonly error: string };

export async function portsAs(user: User, socket: string): Promise<readonly PortListing[]> {
  const answer = await asUser({ user, socket });
  if ('error' in answer) throw new Error(answer.error);
  return answer.value as readonly PortListing[];
}

/** @returns why it was not released; undefined: it was. */
export async function releaseAs(user: User, socket: string, grant: string): Promise<string | undefined> {
  const answer = await asUser({ user, socket, release: grant });
  return 'error' in answer ? answer.error : undefined;
}

function asUser(order: Order): Promise<Answer> {
  const child = fork(fileURLToPath(import.meta.url), { execArgv: [] });
  child.send(order);
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (status) => reject(new Error(`the client ended with ${status} and no answer`)));
  });
}

async function obey({ user, socket, release }: Order): Promise<Answer> {
  process.setgroups?.([]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  const done: Result<unknown, Parameters<typeof describeClientError>[0]> =
    release === undefined ? await listPorts(socket) : await releaseGrant(socket, release as GrantId);
  return done.match<Answer>(
    (value) => ({ value }),
    (error) => ({ error: describeClientError(error) }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', async (order: Order) => {
    const answer = await obey(order);
    process.send?.(answer, () => process.disconnect());
  });
}
