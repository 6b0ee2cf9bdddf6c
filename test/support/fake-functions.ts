/** The SR-IOV functions of a fake kernel: each call can be made to fail, and changes what the next list tells. */
import { err, ok, type Result } from 'neverthrow';
import type { FunctionSettings } from '../../src/core/borrowed-function.js';
import type { SysError } from '../../src/core/sys-error.js';
import type { Link } from '../../src/kernel/kernel.js';
import type { VirtualFunction, VirtualFunctions } from '../../src/kernel/virtual-functions.js';

type ChangeLink = (call: string, ifindex: number, change: Partial<Link>) => Result<void, SysError>;

export class FakeFunctions implements VirtualFunctions {
  /** By their number; all are of one physical function. */
  readonly all: VirtualFunction[] = [];
  readonly #call: (name: string) => Result<void, SysError>;
  readonly #change: ChangeLink;

  constructor(call: (name: string) => Result<void, SysError>, change: ChangeLink) {
    this.#call = call;
    this.#change = change;
  }

  list(): Result<readonly VirtualFunction[], SysError> {
    return this.#call('listFunctions').map(() => [...this.all]);
  }

  set(_physical: number, number: number, change: Partial<FunctionSettings>): Result<void, SysError> {
    return this.#call('setFunction').andThen(() => {
      const before = this.all[number];
      if (before === undefined) return err({ tag: 'sys', call: 'setFunction', code: 'EINVAL', errno: 22 } as const);
      this.all[number] = { ...before, ...change };
      return ok();
    });
  }

  label(ifindex: number, alias: string): Result<void, SysError> {
    return this.#change('label', ifindex, { alias });
  }

  async setUp(ifindex: number, up: boolean): Promise<Result<void, SysError>> {
    return this.#change('setUp', ifindex, { up });
  }
}
