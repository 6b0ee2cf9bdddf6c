/** Modules of the guests' kernel with all they depend on, in the order in which insmod takes them. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface KernelModule {
  readonly name: string;
  readonly data: Buffer;
}

/**
 * @param folder searched with all its folders for NAME.ko.
 * @param wanted names as lsmod has them. One that is not there is built into the kernel, or its absence shows as
 *   the missing device.
 */
export function withDependencies(folder: string, wanted: readonly string[]): KernelModule[] {
  const files = new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ko'))
      .map((path) => [moduleName(basename(path, '.ko')), join(folder, path)]),
  );
  const ordered = new Map<string, KernelModule>();
  const add = (name: string) => {
    const file = files.get(name);
    if (file === undefined || ordered.has(name)) return;
    const data = readFileSync(file);
    for (const dependency of dependencies(data)) add(dependency);
    ordered.set(name, { name, data });
  };
  for (const name of wanted) add(name);
  return [...ordered.values()];
}

/** Files are named with either sign, the kernel uses one. */
function moduleName(name: string): string {
  return name.replaceAll('-', '_');
}

/** From the section .modinfo: the package has no modules.dep, which depmod(8) would write where it is installed. */
function dependencies(data: Buffer): string[] {
  const key = '\0depends=';
  const start = data.indexOf(key);
  if (start < 0) return [];
  const text = data.toString('latin1', start + key.length, data.indexOf(0, start + key.length));
  return text.split(',').filter(Boolean).map(moduleName);
}
