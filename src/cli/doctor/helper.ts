/** fdbroker-helper: where QEMU's `helper=` would name it, whether it runs, and whether it is of this version. */
import { type Finding, fine, hint, problem, shellWord } from './finding.js';
import { type Host, octal } from './host.js';

const check = 'helper';

/** Of the places the first where it is; none: the likeliest. */
export function helperAt(host: Host, places: readonly string[]): string {
  return places.find((place) => host.stat(place) !== undefined) ?? places[0] ?? 'fdbroker-helper';
}

/**
 * @param places where it can be, the likeliest first; absolute.
 * @param version of this program.
 */
export function examineHelper(host: Host, places: readonly string[], version: string): Finding[] {
  const file = helperAt(host, places);
  const facts = host.stat(file);
  if (facts === undefined) {
    return [problem(check, `there is no ${file} for QEMU's helper=`, 'sudo make install, in the source of fdbroker')];
  }
  const word = shellWord(file);
  if (facts.kind !== 'file' || !host.may(file, 'execute')) {
    return [
      problem(check, `${file} may not be executed by you (mode ${octal(facts.mode)})`, `sudo chmod 0755 ${word}`),
    ];
  }
  const findings: Finding[] = [];
  if ((facts.mode & 0o6000) !== 0) {
    findings.push(hint(check, `${file} is setuid or setgid, and needs no privilege`, `sudo chmod ug-s ${word}`));
  }
  const ran = host.run(file, ['--version']);
  const found = ran?.status === 0 ? /^fdbroker-helper (\S+)$/m.exec(ran.output)?.[1] : undefined;
  if (found === undefined) {
    const what = `${file} does not run: built for another machine, or its file system is mounted noexec`;
    findings.push(problem(check, what, `${word} --version`));
  } else if (found !== version) {
    const what = `${file} is of version ${found}, fdbroker of ${version}`;
    findings.push(hint(check, what, 'sudo make install, in the source of fdbroker'));
  } else findings.push(fine(check, `${file} ${found} is what QEMU is given: -netdev tap,helper=${file},br=NETWORK`));
  return findings;
}
