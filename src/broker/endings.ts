/**
 * Ends grants: deletes the link behind one where it is still there, and takes the entry out of the ledger when it is
 * gone, so that quotas hold until then. A socket cannot be taken back from who has it: its grant is forgotten.
 */
import { err, ok, type Result } from 'neverthrow';
import type { BorrowedFunction } from '../core/borrowed-function.js';
import { parseAlias } from '../core/grant.js';
import { describeSysError, type SysError } from '../core/sys-error.js';
import { returnFunction } from '../networks/borrowed-function.js';
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
    if (this.#underWay.has(entry)) return;
    if (entry.borrowed === undefined) endGrant(this.#broker, entry, 'the interface is gone');
    else void this.end(entry, 'the interface is gone');
  }

  async #delete(entry: LinkEntry, reason: string): Promise<Result<void, SysError>> {
    const { kernel } = this.#broker;
    const link = kernel.linkByIndex(entry.ifindex);
    if (link.isErr()) return err(link.error);
    // First, so that a broker that is killed meanwhile does it again
    const returned = entry.borrowed === undefined ? '' : await this.#returnFunction(entry.borrowed, entry.ifindex);
    // Only a link that still carries the alias of this very grant is ever deleted
    if (link.value !== undefined && parseAlias(link.value.alias)?.id === entry.id) {
      const deleted = await kernel.deleteLink(entry.ifindex);
      // Had it gone by itself meanwhile, nobody would tell again
      if (deleted.isErr() && kernel.linkByIndex(entry.ifindex).unwrapOr(link.value) !== undefined) return deleted;
    }
    endGrant(this.#broker, entry, `${reason}${returned}`);
    return ok();
  }

  /** @returns what the audit log is told besides. */
  async #returnFunction(borrowed: BorrowedFunction, macvtap: number): Promise<string> {
    const returned = await returnFunction(this.#broker.kernel, borrowed, macvtap);
    const told = `; its virtual function ${borrowed.number} is not as it was`;
    return returned.isErr() ? `${told}: ${describeSysError(returned.error)}` : '';
  }
}

/** Takes a grant that is no more out of the ledger, and tells. Does nothing when it has ended before. */
export function endGrant(broker: Broker, entry: Entry, reason: string): void {
  if (!broker.ledger.remove(entry)) return;
  if (entry.ifindex === null) entry.holding[Symbol.dispose]();
  broker.count('ended');
  broker.audit.write({ event: 'ended', ...auditGrant(entry), reason });
}
