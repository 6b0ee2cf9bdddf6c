/** What each type of network can be handed out as, whatever the rules allow. */
import type { Network } from './config.js';
import type { Form } from './form.js';

export const offeredForms: Readonly<Record<Network['type'], readonly Form[]>> = {
  bridge: ['tap'],
  macvtap: ['tap'],
  udp: ['dgram', 'socket'],
  tcp: ['stream', 'socket'],
};
