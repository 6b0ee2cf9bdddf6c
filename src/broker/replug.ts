/**
 * Plugs the ports that a switch lacks, as it has room for the orders: some hundred lie in its socket, and one that was just
 * started does not read yet. Everybody else is served meanwhile.
 */
import type { SwitchLink } from './switch-link.js';
import type { SwitchPort } from './switch-ports.js';

/** Milliseconds until a switch is told more that has no room for it now. */
const pause = 10;

export class Replug implements Disposable {
  #ports: readonly SwitchPort[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param isThere whether it is still a port.
   * @param gone takes one that was to be unplugged meanwhile, of which the switch has never heard.
   */
  constructor(
    private readonly link: Pick<SwitchLink, 'send'>,
    private readonly isThere: (port: SwitchPort) => boolean,
    private readonly gone: (port: SwitchPort) => void,
  ) {}

  /** @param ports in place of what is left of those before. */
  start(ports: readonly SwitchPort[]): void {
    this.#ports = ports;
    this.#next = 0;
    this.#goOn();
  }

  /** Leaves what is left. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#ports = [];
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    for (let port = this.#ports[this.#next]; port !== undefined; port = this.#ports[this.#next]) {
      if (!this.#plug(port)) {
        this.#timer = setTimeout(() => this.#goOn(), pause).unref();
        return;
      }
      this.#next += 1;
    }
    this.#ports = [];
  }

  /** @returns whether the switch has room for it; one that cannot be told at all is lost, and the next one gets the ports. */
  #plug(port: SwitchPort): boolean {
    if (!this.isThere(port)) return true;
    if (port.leaving) this.gone(port);
    else {
      const sent = this.link.send({ order: 'plug', ...port.order }, port.fds);
      return sent.isOk() || sent.error.code !== 'EAGAIN';
    }
    return true;
  }
}
