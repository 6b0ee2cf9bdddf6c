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
  /** Without its address: the function's interface takes its own again when the macvtap on it goes. */
  readonly before: Omit<FunctionSettings, 'address'>;
}

/** For an interface's alias, where there is little room: `3.0.100.0.1`. */
export function formatFunction({ physical, number, before }: BorrowedFunction): string {
  const { vlan, priority, spoofCheck } = before;
  return [physical, number, vlan, priority, spoofCheck ? 1 : 0].join('.');
}

/** undefined when it is none. */
export function parseFunction(text: string): BorrowedFunction | undefined {
  const [, physical, number, vlan, priority, check] =
    /^(\d{1,10})\.(\d{1,5})\.(\d{1,4})\.([0-7])\.([01])$/.exec(text) ?? [];
  if (check === undefined) return undefined;
  const before = { vlan: Number(vlan), priority: Number(priority), spoofCheck: check === '1' };
  return { physical: Number(physical), number: Number(number), before };
}
