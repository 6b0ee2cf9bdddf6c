/** The taps of grants in this namespace, told from spare ones: those are on no bridge, and have no alias. */
import { shJson } from './namespace.js';

interface ShownLink {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly master?: string;
}

/** Their names, quarantined ones among them. */
export function grantedTaps(): string[] {
  const links: ShownLink[] = shJson('ip -j link show');
  const granted = ({ ifname, ifalias, master }: ShownLink) =>
    ifname.startsWith('fdb') && (ifalias !== undefined || master !== undefined);
  return links.filter(granted).map(({ ifname }) => ifname);
}
