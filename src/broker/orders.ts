/** The verbs that change something: release a grant, reload the configuration. */
import { formatConfigError } from '../config/errors.js';
import type { Credentials } from '../core/credentials.js';
import type { GrantId } from '../core/names.js';
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
  return okReply({ grant: id });
}

export function reload(broker: Broker, caller: Credentials): Reply {
  if (!broker.isAdmin(caller)) {
    return { status: 'refused', message: 'only root and the admin-group of the configuration may reload it' };
  }
  return broker.reload().match<Reply>(
    (config) => {
      const listing: ReloadListing = {
        files: fitting(config.files, pageBytes),
        networks: config.networks.size,
        rules: config.rules.length,
      };
      return okReply({ data: JSON.stringify(listing) });
    },
    (errors) => ({
      status: 'failed',
      message: `the configuration was refused and the one before stays in force: ${errors
        .slice(0, 20)
        .map((error) => formatConfigError(error).slice(0, 400))
        .join('; ')}`,
    }),
  );
}
