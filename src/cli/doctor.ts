/** `fdbroker doctor`: why somebody gets no network on this host, and the line that mends it. Changes nothing. */
import path from 'node:path';
import { err } from 'neverthrow';
import type { Argv } from 'yargs';
import { isFullStatus, listNetworks, readStatus } from '../client/verbs.js';
import { warnOfKeyFiles } from '../config/key-warnings.js';
import { loadConfig } from '../config/load.js';
import { plural } from '../core/plural.js';
import { brokerOptions, targetOf } from './ask-broker.js';
import { type Arguments, textOf, valueOption } from './command.js';
import { chooseConfig } from './config-choice.js';
import { examine } from './doctor/examine.js';
import type { Finding, Level } from './doctor/finding.js';
import { linuxHost } from './doctor/linux-host.js';
import { escapeText, toJson } from './escape.js';
import { type ExitStatus, exitStatus } from './exit-status.js';
import { type Paint, paint } from './paint.js';
import type { World } from './world.js';

export function options(yargs: Argv): Argv {
  return yargs.options({ ...brokerOptions, qemu: valueOption('qemu', 'The QEMU to look at; left out: one from PATH') });
}

export async function run(args: Arguments, world: World): Promise<ExitStatus> {
  const target = targetOf(args, world);
  const status = await readStatus(target.socket, target.options);
  const networks = status.isErr() ? err(status.error) : await listNetworks(target.socket, target.options);
  const accounts = await world.accounts();
  const { uid, gid, groups, version } = world;
  // The broker may have been started with another file than the usual one
  const told = status.isOk() && isFullStatus(status.value) ? status.value.config.files[0] : undefined;
  const { file, owner } = chooseConfig(told, args, world);
  const host = linuxHost(world.env);
  const config = loadConfig(file, { accounts, owner });
  // Of another's files it is not known who the broker is
  const brokerUser = uid === 0 ? 'fdbroker' : undefined;
  const findings = examine(host, {
    caller: { uid, gid, groups, name: accounts.userName(uid) },
    accounts,
    version,
    asked: { ...target, status },
    networks,
    configuration: {
      file,
      config,
      refusals: config.isErr() ? [] : warnOfKeyFiles(config.value, brokerUser, accounts),
      own: owner === uid && (uid === 0 || host.stat(file) !== undefined),
    },
    helperPlaces: helperPlaces(),
    qemu: textOf(args, 'qemu'),
  }).map((finding) => (uid === 0 ? withoutSudo(finding) : finding));
  const problems = countOf(findings, 'problem');
  if (args['json']) world.out(toJson({ ok: problems === 0, problems, hints: countOf(findings, 'hint'), findings }));
  else world.out(formatFindings(findings, world.colour));
  return problems === 0 ? exitStatus.ok : exitStatus.no;
}

/** Beside this program first: as installed, or as built in a checkout. */
function helperPlaces(): string[] {
  const own = path.resolve(import.meta.dirname, '../..');
  const installed = path.join(own, '../../libexec');
  const beside = path.basename(own) === 'fdbroker' ? [installed, own] : [own, installed];
  return [...beside, '/usr/local/libexec', '/usr/libexec'].map((folder) => path.join(folder, 'fdbroker-helper'));
}

/** For root, whose host may have no sudo(8). */
function withoutSudo(finding: Finding): Finding {
  return finding.mend === null ? finding : { ...finding, mend: finding.mend.replaceAll(/\bsudo /g, '') };
}

function countOf(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

const colours: Readonly<Record<Level, Paint>> = { ok: 'green', hint: 'yellow', problem: 'red' };

/** A line a finding, below it what mends it, and at the end how many of each. */
export function formatFindings(findings: readonly Finding[], colour: boolean): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ level, check, what, mend }) => {
    const shown = paint(level, colour ? colours[level] : undefined) + ' '.repeat('problem'.length - level.length);
    const line = `${shown}  ${check.padEnd(width)}  ${escapeText(what)}\n`;
    return mend === null ? [line] : [line, `${' '.repeat(width + 11)}mend: ${escapeText(mend)}\n`];
  });
  const counts = [plural(countOf(findings, 'problem'), 'problem'), plural(countOf(findings, 'hint'), 'hint')];
  return `${lines.join('')}${counts.join(', ')}\n`;
}
