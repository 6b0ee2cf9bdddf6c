/**
 * How many lines of refusals a user may cause in the audit log: a burst, and then one in a while. Who is left out is told
 * of, with how many lines, so that the log says what it does not have.
 */

/** Lines at once. */
const burst = 100;
/** Milliseconds after which there is one line more. */
const perLine = 1000;
/** Milliseconds between two looks at who was left out. */
const tellPause = 10_000;
/** Accounts that are counted each for itself; those beyond count as one. */
const mostAccounts = 4096;
/** No uid. */
const allOthers = -1;

interface Account {
  /** Lines that it may cause now, as of `at`. */
  lines: number;
  at: number;
  omitted: number;
}

export class AuditBudget implements Disposable {
  readonly #accounts = new Map<number, Account>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param tell takes an account, or -1 for those that are counted as one, and how many of its lines were left out.
   * @param now milliseconds of a clock that does not go back.
   */
  constructor(
    private readonly tell: (account: number, omitted: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether the account may cause a line now. */
  take(uid: number): boolean {
    const account = this.#of(uid);
    this.#refill(account);
    if (account.lines >= 1) {
      account.lines -= 1;
      return true;
    }
    account.omitted += 1;
    this.#timer ??= setInterval(() => this.look(), tellPause).unref();
    return false;
  }

  /** Tells of those who were left out since the last look. */
  look(): void {
    for (const [uid, account] of this.#accounts) {
      if (account.omitted > 0) this.tell(uid, account.omitted);
      account.omitted = 0;
    }
    this.#forget();
    if (this.#accounts.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tells what is left to be told. */
  [Symbol.dispose](): void {
    this.look();
    clearInterval(this.#timer);
  }

  #of(uid: number): Account {
    const known = this.#accounts.get(uid);
    if (known !== undefined) return known;
    if (this.#accounts.size >= mostAccounts) this.#forget();
    if (this.#accounts.size >= mostAccounts && uid !== allOthers) return this.#of(allOthers);
    const account = { lines: burst, at: this.now(), omitted: 0 };
    this.#accounts.set(uid, account);
    return account;
  }

  /** Who has caused nothing for long is as one who never has. */
  #forget(): void {
    for (const [uid, account] of this.#accounts) {
      this.#refill(account);
      if (account.lines >= burst && account.omitted === 0) this.#accounts.delete(uid);
    }
  }

  #refill(account: Account): void {
    const now = this.now();
    account.lines = Math.min(burst, account.lines + (now - account.at) / perLine);
    account.at = now;
  }
}
