import t from 'tap';
import { usableInterface } from '../../src/networks/usable-interface.js';
import { FakeKernel } from '../support/fake-kernel.js';
import { packetNetwork } from '../support/socket-networks.js';

t.test('the interface, or what is wrong with it', async (t) => {
  const kernel = new FakeKernel();
  const look = () => usableInterface(kernel, packetNetwork());
  t.match(look()._unsafeUnwrapErr().what, /^network "lan": there is no interface eth2; name one that "ip link" shows/);
  const { ifindex } = kernel.addBridge('eth2', { kind: '', up: false });
  t.match(look()._unsafeUnwrapErr().what, /^network "lan": eth2 is down; bring it up with: ip link set eth2 up$/);
  kernel.links.set(ifindex, kernel.addBridge('eth2', { kind: '' }));
  t.match(look()._unsafeUnwrap(), { name: 'eth2' });
  kernel.failAt(0);
  t.match(look()._unsafeUnwrapErr().what, 'network "lan" cannot be opened: linkByName: ENOMEM');
});
