/** Does something as another user, as nobody say, whom neither files nor the broker favour. */
import { readFileSync } from 'node:fs';

const nobody = 65_534;

/** Why it cannot be done, for a skip, or false. In a user namespace of one user root has nobody to become. */
export const noNobody =
  process.geteuid?.() === 0 && readFileSync('/proc/self/uid_map', 'utf8').includes('4294967295')
    ? false
    : 'needs root, to become another user';

export function asNobody<T>(run: () => Promise<T>): Promise<T> {
  return withIds({ uid: nobody, gid: nobody, groups: [] }, run);
}

/** Effective ids decide about files and are what a peer is told; the real ones lead back. */
export async function withIds<T>(
  ids: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] },
  run: () => Promise<T>,
): Promise<T> {
  const groups = process.getgroups?.() ?? [];
  process.setgroups?.([...ids.groups]);
  process.setegid?.(ids.gid);
  process.seteuid?.(ids.uid);
  return run().finally(() => {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  });
}
