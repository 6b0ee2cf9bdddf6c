/** `fdbroker explain`: what the rules say to a request and why, without a broker. */
import { err, ok, type Result } from 'neverthrow';
import type { Argv } from 'yargs';
import { type Explanation, explain, type MatchingRule } from '../acl/explain.js';
import { compilePolicy } from '../acl/policy.js';
import { formatConfigError } from '../config/errors.js';
import { loadConfig } from '../config/load.js';
import type { Accounts, Network } from '../core/config.js';
import { type Form, forms } from '../core/form.js';
import { type MacWish, parseMacWish } from '../core/mac.js';
import { type NetworkName, parseNetworkName, type ValueError } from '../core/names.js';
import { offeredForms } from '../core/offered-forms.js';
import { isSwitchedNetwork } from '../core/switched.js';
import { type Arguments, jsonOption, textOf, userModeOption, valueOption } from './command.js';
import { chooseConfig } from './config-choice.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { paint } from './paint.js';
import { type NamedCaller, resolveCaller } from './resolve-caller.js';
import { complain, type World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs
    .options({
      user: valueOption('user', 'Whose request: a name or a number; left out: you'),
      network: valueOption('network', 'The network that is asked for', { demandOption: true }),
      form: valueOption('form', 'The form of the descriptor', {
        choices: forms,
        defaultDescription: 'the first that it offers',
      }),
      mac: valueOption('mac', 'The MAC address that is asked for; any: the broker is to choose'),
      config: valueOption('config', 'The configuration file'),
      ...userModeOption,
      ...jsonOption,
    })
    .conflicts('config', 'user-mode')
    .example('$0 explain --network lan', 'May I use it, and by which rule?')
    .example('$0 explain --user alice --network lan --mac 52:54:00:12:34:56', 'May alice, with that address?');
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const accounts = await world.accounts();
  const question = resolveCaller(textOf(args, 'user'), world, accounts).andThen((caller) =>
    parseAsk(args).map((wish) => ({ caller, wish })),
  );
  if (question.isErr()) {
    complain(world, question.error.what);
    return exitStatus.usage;
  }
  const { caller, wish } = question.value;
  const { file, owner } = chooseConfig(textOf(args, 'config'), args, world);
  const config = loadConfig(file, { accounts, owner });
  if (config.isErr()) {
    for (const error of config.error) complain(world, formatConfigError(error));
    return exitStatus.no;
  }
  const network = config.value.networks.get(wish.network);
  const ask: Ask = { form: (network === undefined ? undefined : offeredForms(network)[0]) ?? 'tap', ...wish };
  const groupName = (gid: number) => accounts.groupName(gid);
  const explanation = explain(compilePolicy(config.value), caller, ask, groupName);
  const host = network === undefined ? undefined : hostOf(network);
  const asked: Question = { file, caller, ...ask, ...(host === undefined ? {} : { host }) };
  world.out(
    args['json'] ? toJson(jsonOf(asked, explanation)) : formatExplanation(asked, explanation, world.colour, groupName),
  );
  return explanation.verdict === 'allowed' ? exitStatus.ok : exitStatus.no;
}

interface Ask {
  readonly network: NetworkName;
  readonly form: Form;
  readonly mac?: MacWish;
}

/** @returns no form where none was given. */
function parseAsk(args: Arguments): Result<Omit<Ask, 'form'> & Partial<Ask>, ValueError> {
  const given = args['form'] as Form | undefined;
  const form = given === undefined ? {} : { form: given };
  return parseNetworkName(textOf(args, 'network') ?? '').andThen((network): ReturnType<typeof parseAsk> => {
    const mac = textOf(args, 'mac');
    if (mac === undefined) return ok({ network, ...form });
    const parsed = parseMacWish(mac);
    return parsed.isErr() ? err(parsed.error) : ok({ network, ...form, mac: parsed.value });
  });
}

export interface Question extends Ask {
  readonly file: string;
  readonly caller: NamedCaller;
  /** How the host itself is on the network, as its section says; left out: it is not, or not known. */
  readonly host?: string;
}

function hostOf(network: Network): string | undefined {
  const host = isSwitchedNetwork(network) ? network.host : undefined;
  return host === undefined ? undefined : `${host.by} ${host.name}`;
}

/** The documented shape, with null for what is not there. */
function jsonOf({ file, caller, network, form, mac, host }: Question, explanation: Explanation): object {
  const { verdict, rule, why, matching, advice } = explanation;
  return {
    verdict,
    rule: rule ?? null,
    why,
    advice,
    mac: explanation.mac ?? null,
    capture: explanation.capture?.rule ?? null,
    // Of what nobody may have nothing is told
    host: verdict === 'allowed' ? (host ?? null) : null,
    matching,
    asked: {
      user: caller.user,
      uid: caller.uid,
      gid: caller.gid,
      groups: caller.groups,
      network,
      form,
      mac: mac ?? null,
    },
    file,
  };
}

/** Ids as id(1) shows them: `36(kvm)`, a group without a name as its number. */
export function formatExplanation(
  question: Question,
  explanation: Explanation,
  colour: boolean,
  groupName: Accounts['groupName'],
): string {
  const { verdict, why, matching, advice, mac, capture } = explanation;
  const { caller, network, form, file, host } = question;
  const { user, uid, gid, groups } = caller;
  const idText = (id: number) => {
    const name = groupName(id);
    return name === undefined ? String(id) : `${id}(${name})`;
  };
  const verdictColour = verdict === 'allowed' ? 'green' : 'red';
  const lines: [string, string][] = [
    [
      'user',
      `${user ?? '?'} (uid ${uid}, ${gid < 0 ? 'in no group' : `gid ${idText(gid)}, groups ${groups.map(idText).join(' ') || '-'}`})`,
    ],
    ['asks for', `network ${network} as ${form}${question.mac === undefined ? '' : ` with address ${question.mac}`}`],
    ['by', file],
    ['verdict', verdict],
    ['because', why],
    ...(mac === undefined ? [] : [['address', mac] as [string, string]]),
    ...(capture === undefined ? [] : [['capture', capture.why] as [string, string]]),
    ...(host === undefined || verdict !== 'allowed'
      ? []
      : [['host', `is on it by ${host}: guests reach what it lets them there`] as [string, string]]),
    ...matching.map((rule, at): [string, string] => [at === 0 ? 'rules' : '', describeRule(rule)]),
    ...advice.map((text, at): [string, string] => [
      at === 0 ? (verdict === 'allowed' ? 'limit' : 'to change') : '',
      text,
    ]),
  ];
  return lines
    .map(([name, text]) => {
      const shown = escapeText(text);
      return `${name.padEnd(9)}  ${colour && name === 'verdict' ? paint(shown, verdictColour) : shown}\n`;
    })
    .join('');
}

function describeRule({ name, file, line, effect, because }: MatchingRule): string {
  return `${effect} [rule ${name}] (${file}:${line}) matches ${because.join(', ')}`;
}
