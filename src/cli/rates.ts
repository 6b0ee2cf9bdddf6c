/** What passed between two reports of the switch, in a second. */
import type { SwitchReport } from '../client/inspect.js';
import type { SwitchPortListing } from '../protocol/switch-report.js';
import { droppedBy } from './switch.js';

/** Each of the last four in a second. */
export interface PortRates {
  readonly port: SwitchPortListing;
  readonly rxFrames: number;
  readonly rxBits: number;
  readonly txFrames: number;
  readonly txBits: number;
  readonly dropped: number;
}

/** Of the ports of the later one, the busiest first; 0 for what is new. A switch that started again has new ports alone. */
export function portRates(before: SwitchReport | undefined, after: SwitchReport): PortRates[] {
  const same = before !== undefined && before.switch.pid === after.switch.pid;
  const seconds = same ? after.switch.clock - before.switch.clock : 0;
  const earlier = new Map(same ? before.ports.map((port) => [keyOf(port), port]) : []);
  const rates = after.ports.map((port): PortRates => {
    const old = earlier.get(keyOf(port));
    const rate = (of: (port: SwitchPortListing) => number) =>
      old === undefined || seconds <= 0 ? 0 : Math.max(0, of(port) - of(old)) / seconds;
    return {
      port,
      rxFrames: rate((one) => one.rxFrames),
      rxBits: rate((one) => one.rxBytes * 8),
      txFrames: rate((one) => one.txFrames),
      txBits: rate((one) => one.txBytes * 8),
      dropped: rate(droppedBy),
    };
  });
  const sum = ({ rxBits, txBits }: PortRates) => rxBits + txBits;
  return rates.sort((a, b) => sum(b) - sum(a) || a.port.port - b.port.port);
}

/** A number of a port that has ended can be another's. */
function keyOf({ port, grant, network }: SwitchPortListing): string {
  return `${port} ${grant ?? network}`;
}
