/** Why a network that locks the guest's address was refused to who cannot tell the guest which it is. */
import type { ClientError } from '../client/error.js';
import { plainExchange } from '../client/open.js';
import { listNetworks } from '../client/verbs.js';
import type { Target } from './ask-broker.js';

/**
 * @param error of a request without an address.
 * @param remedy what is missing here, and how to mend it.
 * @returns a sentence of ours where that was the reason; else the same error.
 */
export async function explainLock(
  error: ClientError,
  network: string,
  remedy: string,
  { socket, options }: Target,
): Promise<ClientError> {
  if (error.tag !== 'refused' || error.status !== 'refused') return error;
  const networks = await listNetworks(socket, options, plainExchange);
  const locked = networks.isOk() && networks.value.some(({ name, lockMac }) => name === network && lockMac);
  return locked ? { ...error, message: `network "${network}" locks the MAC address, and ${remedy}` } : error;
}
