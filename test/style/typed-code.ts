/** Rules that need types to check: no Result of neverthrow is ignored, only acl/ makes a Permit, only bin/ exits. */
import t from 'tap';
import ts from 'typescript';

interface Finding {
  readonly rule: 'ignored Result' | 'Permit made outside acl' | 'exit outside bin';
  readonly where: string;
}

function isResult(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some(isResult);
  const { symbol } = type;
  const file = symbol?.declarations?.[0]?.getSourceFile().fileName ?? '';
  return file.includes('/neverthrow/') && ['Ok', 'Err', 'ResultAsync'].includes(symbol.name);
}

function isPermit(type: ts.Type): boolean {
  const file = type.symbol?.declarations?.[0]?.getSourceFile().fileName ?? '';
  return type.symbol?.name === 'Permit' && file.endsWith('src/core/permit.ts');
}

const assignments = [ts.SyntaxKind.EqualsToken, ts.SyntaxKind.QuestionQuestionEqualsToken];

/** Whether a statement stores its value, or ends by looking at the error. */
function isTaken({ expression }: ts.ExpressionStatement): boolean {
  if (ts.isBinaryExpression(expression)) return assignments.includes(expression.operatorToken.kind);
  const called = ts.isCallExpression(expression) ? expression.expression : undefined;
  return called !== undefined && ts.isPropertyAccessExpression(called) && called.name.text === 'mapErr';
}

function ruleBroken(node: ts.Node, path: string, checker: ts.TypeChecker): Finding['rule'] | undefined {
  if (ts.isExpressionStatement(node) && !isTaken(node)) {
    const type = checker.getTypeAtLocation(node.expression);
    if (isResult(checker.getAwaitedType(type) ?? type)) return 'ignored Result';
  }
  if (!path.startsWith('src/')) return undefined;
  const claimed = ts.isAsExpression(node) || ts.isTypeAssertionExpression(node) || ts.isTypePredicateNode(node);
  if (claimed && node.type !== undefined && !path.startsWith('src/acl/')) {
    if (isPermit(checker.getTypeFromTypeNode(node.type))) return 'Permit made outside acl';
  }
  const exits = ts.isPropertyAccessExpression(node) && /^process\.(exit|reallyExit|abort)$/.test(node.getText());
  return exits && !path.startsWith('src/bin/') ? 'exit outside bin' : undefined;
}

/** `path`: of the file, as it counts for the rules. */
function look(program: ts.Program, file: ts.SourceFile, path: string): Finding[] {
  const checker = program.getTypeChecker();
  const findings: Finding[] = [];
  const visit = (node: ts.Node): void => {
    const rule = ruleBroken(node, path, checker);
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    if (rule !== undefined) findings.push({ rule, where: `${path}:${line}` });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return findings;
}

const planted = `
import { err, ok, type Result, ResultAsync } from 'neverthrow';
import type { Permit } from '../../src/core/permit.js';
declare function open(): Result<number, string>;
declare function later(): Promise<Result<number, string>>;
open();
open().map((fd) => fd + 1);
await later();
later();
ResultAsync.fromSafePromise(Promise.resolve(1));
true ? ok(1) : err(2);
export const made = {} as Permit;
export const isOne = (value: unknown): value is Permit => value !== made;
process.exit(0);
void open().isOk();
open().unwrapOr(0);
open().mapErr(console.error);
export let kept = open();
kept = open();
`;

const root = process.cwd();
const config = ts.getParsedCommandLineOfConfigFile(
  'tsconfig.json',
  { noEmit: true, incremental: false },
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) =>
      t.fail(ts.flattenDiagnosticMessageText(problem.messageText, '\n')),
  },
);
const { options, fileNames } = config as ts.ParsedCommandLine;
const plantedPath = `${root}/test/style/planted.ts`;
const host = ts.createCompilerHost(options);
const readFile = host.getSourceFile;
host.getSourceFile = (name, version, ...rest) =>
  name === plantedPath ? ts.createSourceFile(name, planted, version, true) : readFile(name, version, ...rest);
const program = ts.createProgram([...fileNames, plantedPath], options, host);

t.test('each rule finds what breaks it', async (t) => {
  const file = program.getSourceFile(plantedPath) as ts.SourceFile;
  const found = look(program, file, 'src/cli/planted.ts').map(({ rule, where }) => `${rule} ${where.split(':')[1]}`);
  const ignored = [6, 7, 8, 9, 10, 11].map((line) => `ignored Result ${line}`);
  t.same(found, [...ignored, 'Permit made outside acl 12', 'Permit made outside acl 13', 'exit outside bin 14']);
  const within = [look(program, file, 'src/acl/planted.ts'), look(program, file, 'src/bin/planted.ts')];
  t.notOk(within[0]?.some(({ rule }) => rule === 'Permit made outside acl'));
  t.notOk(within[1]?.some(({ rule }) => rule === 'exit outside bin'));
});

t.test('no source breaks one', async (t) => {
  t.ok(fileNames.length > 50, 'the sources were found');
  for (const name of fileNames) {
    const file = program.getSourceFile(name) as ts.SourceFile;
    for (const { rule, where } of look(program, file, name.slice(root.length + 1))) t.fail(`${where}: ${rule}`);
  }
});
