import { encodeBase64 } from '@sigstead/encoding';
import type { FetchResource } from '@sigstead/tiles';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { compressedBundles } from './compressed-bundles.ts';
import { directoryLog } from './directory-log.ts';
import { exitCodes, FsckError } from './errors.ts';
import { fsck, type FsckReport } from './fsck.ts';
import { httpLog } from './http-log.ts';
import { isVerifierKey, LOG_KINDS, readLogKey, type LogKind } from './log-key.ts';

interface Options {
  readonly origin?: string;
  readonly publicKey: string;
  readonly kind: LogKind;
  readonly workers: number;
  readonly maxDiscrepancies: number;
  readonly compressedBundles: boolean;
  readonly risingTimes: boolean;
}

/** Where the command writes: results, and beside them what is going on. */
export interface Output {
  result(line: string): void;
  note(line: string): void;
}

const PROGRESS_EVERY_MS = 5_000;

/** Runs the command and gives its exit code. */
export async function runFsck(argv: readonly string[], output: Output): Promise<number> {
  const command = fsckCommand(output);
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    return hasExitCode(error) && error.exitCode === 0 ? exitCodes.sound : exitCodes.usage;
  }
  try {
    const report = await check(command.args[0] as string, command.opts<Options>(), output);
    return print(report, output);
  } catch (error) {
    if (!(error instanceof FsckError)) throw error;
    output.note(`fsck: ${error.message}`);
    return error.code === 'USAGE' ? exitCodes.usage : exitCodes.unreadable;
  }
}

function fsckCommand(output: Output): Command {
  return new Command('fsck')
    .description(
      'Verifies all a tile log serves: checkpoint, every bundle, every tile, root. Ends with 0: sound, 1: broken, 2: wrong arguments, 3: cannot be read.',
    )
    .argument('<log>', 'URL that checkpoint and tile/ are below, or a directory')
    .option('--origin <origin>', 'of the checkpoint; a vkey names it itself')
    .requiredOption(
      '--public-key <key>',
      'a vkey, or a file with a vkey, a PEM public key or base64 of its SPKI',
    )
    .addOption(new Option('--kind <kind>', 'what the entries are').choices(LOG_KINDS).default('tlog'))
    .option('--workers <n>', 'bundles fetched at once', countUpTo(256), 8)
    .option('--max-discrepancies <n>', 'after which the rest is not looked at', countUpTo(1_000_000), 20)
    .option('--rising-times', 'of a CT log: times may not go back from one entry to the next', false)
    .option('--compressed-bundles', 'bundles are kept compressed by gzip, and nothing says so', false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.result(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
    });
}

async function check(log: string, options: Options, output: Output): Promise<FsckReport> {
  const key = readLogKey(readKeyText(options.publicKey), options.origin, options.kind);
  const source = await openLog(log);
  let toldAt = performance.now();
  return fsck({
    fetchResource: options.compressedBundles ? compressedBundles(source) : source,
    key,
    kind: options.kind,
    risingTimes: options.risingTimes,
    workers: options.workers,
    maxDiscrepancies: options.maxDiscrepancies,
    onProgress: (verified, size) => {
      if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
      toldAt = performance.now();
      output.note(`fsck: ${verified} of ${size} entries`);
    },
  });
}

function print({ discrepancies, checkpoint, log }: FsckReport, output: Output): number {
  for (const { path, message } of discrepancies) output.result(`broken: ${path} ${message}`);
  if (checkpoint === undefined || log === undefined) return exitCodes.broken;
  const { entries, bundles, tiles, references } = log;
  const seen = `${entries} of ${checkpoint.size} entries in ${bundles} bundles, ${tiles} tiles, ${references} issuers`;
  if (discrepancies.length > 0) {
    output.result(`broken: ${checkpoint.origin}, looked at ${seen}`);
    return exitCodes.broken;
  }
  output.result(`sound: ${checkpoint.origin}, ${seen}, root hash ${encodeBase64(checkpoint.rootHash)}`);
  return exitCodes.sound;
}

async function openLog(log: string): Promise<FetchResource> {
  if (/^https?:\/\//.test(log)) {
    if (!URL.canParse(log)) throw new FsckError('USAGE', `${log} is no URL`);
    return httpLog(log);
  }
  const isDirectory = await stat(log).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) throw new FsckError('USAGE', `${log} is neither an HTTP URL nor a directory`);
  return directoryLog(log);
}

function readKeyText(key: string): string {
  if (isVerifierKey(key)) return key;
  try {
    return readFileSync(key, 'utf8');
  } catch (cause) {
    throw new FsckError('USAGE', `${key} is no vkey, and as a file it cannot be read`, { cause });
  }
}

function countUpTo(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^[0-9]{1,7}$/.test(text) || count < 1 || count > most)
      throw new InvalidArgumentError(`want 1 to ${most}`);
    return count;
  };
}

function hasExitCode(error: unknown): error is { exitCode: number } {
  return error instanceof Error && 'exitCode' in error;
}
