/** What an option asks for, in each syntax, and what is wrong with it. */
import t from 'tap';
import { parseObject, readWish, readWritten, type Wish, withPromise } from '../../src/qemu/wish.js';

const read = (text: string) => readWritten(text).map((written) => written && [written.syntax, ...written.fields]);

t.test('options of type fdbroker, and others', async (t) => {
  for (const text of [
    '',
    'user,id=n0',
    'tap,helper=fdbroker',
    'fdbrokers,id=n',
    'id=n,type=fdbroker',
    '{"type":"tap"}',
    '{',
  ]) {
    t.equal(read(text)._unsafeUnwrap(), undefined, text);
  }
  t.same(read('fdbroker')._unsafeUnwrap(), ['comma']);
  t.same(read('fdbroker,id=n0,network=a,,b')._unsafeUnwrap(), ['comma', ['id', 'n0'], ['network', 'a,b']]);
  t.same(read('type=fdbroker,id=n0')._unsafeUnwrap(), ['comma', ['id', 'n0']]);
  t.same(read(' {"id":"n0","type":"fdbroker","queues":2,"vhost":true}')._unsafeUnwrap(), [
    'json',
    ['id', 'n0'],
    ['queues', '2'],
    ['vhost', 'true'],
  ]);
});

t.test('options that cannot be read', async (t) => {
  const bad: [text: string, words: RegExp][] = [
    ['fdbroker,id=n0,vhost', /^"vhost" has no value; write vhost=…$/],
    ['fdbroker,id=n0,id=n1', /^"id" stands twice$/],
    ['{"type":"fdbroker"', /^it is no JSON object$/],
    ["{'type':'fdbroker'}", /^it is no JSON object$/],
    ['{"type":"fdbroker","id":["n0"]}', /^"id" must be a text, a number, true or false$/],
    ['{"type":"fdbroker","id":null}', /^"id" must be/],
  ];
  for (const [text, words] of bad) t.match(readWritten(text)._unsafeUnwrapErr(), words, text);
});

t.test('objects and what is none', async (t) => {
  t.same(parseObject('{"a":1}'), { a: 1 });
  for (const text of ['', '[]', 'null', '1', '{']) t.equal(parseObject(text), undefined, text);
});

t.test('wishes', async (t) => {
  const good: [fields: Record<string, string>, wish: Wish][] = [
    [{ network: 'lan' }, { network: 'lan' }],
    [
      { network: 'lan', form: 'dgram', queues: '4', vhost: 'auto', mac: '52:54:00:00:00:01', id: 'left alone' },
      { network: 'lan', form: 'dgram', queues: 4, vhost: 'auto', mac: '52:54:00:00:00:01' },
    ],
    ...['on', 'yes', 'true'].map((word): [Record<string, string>, Wish] => [
      { network: 'lan', vhost: word },
      { network: 'lan', vhost: 'yes' },
    ]),
    ...['off', 'no', 'false'].map((word): [Record<string, string>, Wish] => [
      { network: 'lan', vhost: word },
      { network: 'lan', vhost: 'no' },
    ]),
  ];
  for (const [fields, wish] of good) t.same(readWish(new Map(Object.entries(fields)))._unsafeUnwrap(), wish);

  const bad: [fields: Record<string, string>, words: RegExp][] = [
    [{}, /^"network" is missing; "fdbroker networks" shows them$/],
    [{ network: '' }, /^"network" is missing/],
    [{ network: 'lan', form: 'tun' }, /^"form" cannot be tun; choose one of tap, dgram/],
    [{ network: 'lan', queues: '0' }, /^"queues" takes a number from 1$/],
    [{ network: 'lan', queues: '1e3' }, /^"queues" takes/],
    [{ network: 'lan', vhost: 'perhaps' }, /^"vhost" takes on, off or auto$/],
    [{ network: 'lan', vhost: 'toString' }, /^"vhost" takes/],
  ];
  for (const [fields, words] of bad) t.match(readWish(new Map(Object.entries(fields)))._unsafeUnwrapErr(), words);
});

t.test('a promise says nothing where an address is named', async (t) => {
  t.same(withPromise({ network: 'lan', queues: 2 }), { network: 'lan', queues: 2, mac: 'any' });
  t.same(withPromise({ network: 'lan', mac: 'x' }), { network: 'lan', mac: 'x' });
});
