/** The verbs that change something: release a grant, reload the configuration. */
import { formatConfigError } from '../config/errors.js';
import type { Credentials } from '../core/credentials.js';
import type { GrantId } from '../core/names.js';
import { plural } from '../core/plural.js';
import { describeSysError } from '../core/sys-error.js';
import type { ReloadListing } from '../protocol/listing.js';
import { okReply, type Reply } from '../protocol/reply.js';
import type { Broker } from './broker.js';
import type { Endings } from './endings.js';
import { fitting, pageBytes } from './listings.js';

/** The owner, who has the owner's uid as a subordinate one, and administrators may; for anybody else there is no such grant. */
export async function release(broker: Broker, endings: Endings, caller: Credentials, id: GrantId): Promise<Reply> {
  const entry = broker.ledger.get(id);
  const may = (uid: number) => broker.policy.subordinates.manages(caller.uid, uid) || broker.isAdmin(caller);
  if (entry === undefined || !may(entry.uid)) {
    return { status: 'refused', message: `you have no grant ${id}; "fdbroker ports" lists those you have` };
  }
  const deleted = await endings.end(entry, `released by uid ${caller.uid}`);
  if (deleted.isErr()) return { status: 'failed', message: `${entry.ifname}: ${describeSysError(deleted.error)}` };
  const note = 'only the grant has ended: the socket stays with whoever has it, and cannot be taken back';
  return okReply(entry.ifindex === null ? { grant: id, note } : { grant: id });
}

/** A refused one has its errors, each a line, in `data`. */
export function reload(broker: Broker, caller: Credentials): Reply {
  if (!broker.isAdmin(caller)) {
    return { status: 'refused', message: 'only root and the admin-group of the configuration may reload it' };
  }
  // Before anything is written to it: this may be what follows its rotation
  const audit = broker.reopenAudit();
  const unopened = audit.isErr() ? `; ${audit.error}` : '';
  return broker.reload().match<Reply>(
    (config) => {
      if (unopened !== '') return { status: 'failed', message: `the configuration is in force${unopened}` };
      const listing: ReloadListing = {
        files: fitting(config.files, pageBytes / 2),
        networks: config.networks.size,
        rules: config.rules.length,
        atNextStart: broker.atNextStart,
        unusable: fitting(
          broker.unusableKeys.map((line) => line.slice(0, 400)),
          pageBytes / 2,
        ),
      };
      return okReply({ data: JSON.stringify(listing) });
    },
    (errors) => {
      const lines = errors.map((error) => formatConfigError(error).slice(0, 400));
      const found = plural(errors.length, 'error');
      return {
        status: 'failed',
        message: `the configuration has ${found} and is refused, the one before stays in force${unopened}`,
        data: JSON.stringify(fitting(lines, pageBytes)),
      };
    },
  );
}
