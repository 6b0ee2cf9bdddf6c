/** What is told of a port that a network has by itself: one line when it is lost, and one when it is back. */
import type { AuditLog } from './audit.js';
import { complain } from './complain.js';
import type { OwnPortsAround } from './own-ports.js';

export function tellLost(audit: AuditLog): Pick<OwnPortsAround, 'lost' | 'back'> {
  return {
    lost({ network, role, reason }) {
      const meanwhile = 'its guests reach each other alone until it is back by itself';
      complain(`network "${network}" has lost its ${role}, and ${meanwhile}: ${reason}`);
      audit.write({ event: 'port-lost', network, reason: `${role}: ${reason}` });
    },
    back({ network, role }) {
      complain(`network "${network}" has its ${role} again`);
      audit.write({ event: 'port-back', network, reason: role });
    },
  };
}
