/**
 * Ends grants: deletes the link behind one where it is still there, and takes the entry out of the ledger when it is
 * gone, so that quotas hold until then. A socket cannot be taken back from who has it: its grant is forgotten.
 */
import { err, ok, type Result } from 'neverthrow';
import { parseAlias } from '../core/grant.js';
import type { SysError } from '../core/sys-error.js';
import { auditGrant } from './audit.js';
import type { Broker } from './broker.js';
import type { Entry, LinkEntry } from './ledger.js';

export class Endings {
  readonly #broker: Broker;
  readonly #underWay = new Map<LinkEntry, Promise<Result<void, SysError>>>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Deletes a port's link, where it has one, and ends its grant. On an error both are as before. */
  end(entry: Entry, reason: string): Promise<Result<void, SysError>> {
    if (entry.ifindex === null) {
      endGrant(this.#broker, entry, reason);
      return Promise.resolve(ok());
    }
    const before = this.#underWay.get(entry);
    if (before !== undefined) return before;
    const ending = this.#delete(entry, reason).finally(() => this.#underWay.delete(entry));
    this.#underWay.set(entry, ending);
    return ending;
  }

  /** Ends the grant of a link that is no more. One that is being ended already ends with that reason. */
  gone(entry: LinkEntry): void {
    if (!this.#underWay.has(entry)) endGrant(this.#broker, entry, 'the interface is gone');
  }

  async #delete(entry: LinkEntry, reason: string): Promise<Result<void, SysError>> {
    const { kernel } = this.#broker;
    const link = kernel.linkByIndex(entry.ifindex);
    if (link.isErr()) return err(link.error);
    // Only a link that still carries the alias of this very grant is ever deleted
    if (link.value !== undefined && parseAlias(link.value.alias)?.id === entry.id) {
      const deleted = await kernel.deleteLink(entry.ifindex);
      // Had it gone by itself meanwhile, nobody would tell again
      if (deleted.isErr() && kernel.linkByIndex(entry.ifindex).unwrapOr(link.value) !== undefined) return deleted;
    }
    endGrant(this.#broker, entry, reason);
    return ok();
  }
}

/** Takes a grant that is no more out of the ledger, and tells. Does nothing when it has ended before. */
export function endGrant(broker: Broker, entry: Entry, reason: string): void {
  if (!broker.ledger.remove(entry)) return;
  if (entry.ifindex === null) entry.holding[Symbol.dispose]();
  broker.count('ended');
  broker.audit.write({ event: 'ended', ...auditGrant(entry), reason });
}
