/** An SR-IOV virtual function that a grant has, and how it was before, so that it can be given back the same. */

/** What a physical function holds a virtual one to. */
export interface FunctionSettings {
  /** `52:54:00:12:34:56`; all zeros: none was set. */
  readonly address: string;
  /** 0: none; frames come and go untagged. */
  readonly vlan: number;
  /** In the VLAN's tag, 0 to 7. */
  readonly priority: number;
  /** Whether it sends frames from its own address alone. */
  readonly spoofCheck: boolean;
}

export interface BorrowedFunction {
  /** ifindex of its physical function. */
  readonly physical: number;
  /** Which of that one's functions, from 0. */
  readonly number: number;
  readonly before: FunctionSettings;
}

/** For an interface's alias, where there is little room: `3.0.100.0.1.525400123456`. */
export function formatFunction({ physical, number, before }: BorrowedFunction): string {
  const { address, vlan, priority, spoofCheck } = before;
  return [physical, number, vlan, priority, spoofCheck ? 1 : 0, address.replaceAll(':', '')].join('.');
}

/** undefined when it is none. */
export function parseFunction(text: string): BorrowedFunction | undefined {
  const [, physical, number, vlan, priority, check, digits] =
    /^(\d{1,10})\.(\d{1,5})\.(\d{1,4})\.([0-7])\.([01])\.([0-9a-f]{12})$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const address = digits.replaceAll(/..(?!$)/g, '$&:');
  const before = { address, vlan: Number(vlan), priority: Number(priority), spoofCheck: check === '1' };
  return { physical: Number(physical), number: Number(number), before };
}
