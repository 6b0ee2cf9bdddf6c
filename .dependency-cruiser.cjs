/** Who may import whom (docs/architecture.md); `make layers` looks. */
const layers = {
  core: [],
  config: ['core'],
  acl: ['core'],
  protocol: ['core'],
  kernel: ['core'],
  switch: ['core'],
  switchd: ['core', 'protocol', 'kernel', 'switch'],
  networks: ['core', 'kernel'],
  broker: ['core', 'config', 'acl', 'protocol', 'kernel', 'networks'],
  client: ['core', 'protocol', 'kernel'],
  qemu: ['core', 'protocol', 'kernel'],
  cli: ['core', 'config', 'acl', 'protocol', 'client', 'qemu'],
};

/** What a pure layer may use of npm packages and of Node. */
const neverthrow = 'node_modules/neverthrow/';
const outside = {
  core: neverthrow,
  acl: `${neverthrow}|^(node:)?crypto$`,
  protocol: neverthrow,
  switch: '^(node:)?crypto$',
};

const rules = Object.entries(layers).flatMap(([layer, may]) => [
  {
    name: `${layer}-imports-only-${may.join('-') || 'itself'}`,
    severity: 'error',
    from: { path: `^src/${layer}/` },
    to: { path: '^src/', pathNot: `^src/(${[layer, ...may].join('|')})/` },
  },
  ...(outside[layer] === undefined
    ? []
    : [
        {
          name: `${layer}-is-pure`,
          comment: 'Deciding, parsing and value types do no input or output.',
          severity: 'error',
          from: { path: `^src/${layer}/` },
          to: { dependencyTypesNot: ['local'], pathNot: outside[layer] },
        },
      ]),
]);

module.exports = {
  forbidden: [
    ...rules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing-missing', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'src-without-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    {
      name: 'src-without-development-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'one-door-to-the-addon',
      comment: 'createRequire is how an ES module loads the addon, and only src/kernel/native.ts does.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kernel/native[.]ts$' },
      to: { path: '^(node:)?module$' },
    },
    {
      name: 'the-kernel-layer-alone-calls-the-addon',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kernel/' },
      to: { path: '^src/kernel/native' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
