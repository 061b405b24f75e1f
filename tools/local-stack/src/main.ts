import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { selfCheck } from './self-check.ts';
import { startStack, type LocalStack } from './stack.ts';

const HELP = `npm start -- [options]

Starts a whole Sigstead in this process: certificate authority, transparency log, signer, verifier, PostgreSQL, and for
development an issuer of identity tokens and a container registry.

  --once      start, run the self-check, print its result and stop; exit code 0 or 1
  --verbose   log every request
  --help      this text

Environment:
  PORT           port for everything, 8080; 0 picks a free one and keeps it for the state folder
  HOST           address to listen on, localhost; anything else is reachable by others
  SIGSTEAD_HOME  state folder: database, keys, trust files; .sigstead
`;

const startedAt = performance.now();

try {
  await main();
} catch (error) {
  fail(error);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean' },
      verbose: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const running: { stack?: LocalStack } = {};
  stopOnSignals(() => running.stack);
  const stack = await startStack({
    home: process.env['SIGSTEAD_HOME'] || '.sigstead',
    port: readPort(process.env['PORT']),
    host: process.env['HOST'] || 'localhost',
    logLevel: values.verbose ? 'info' : 'warn',
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  running.stack = stack;
  try {
    const { report } = await selfCheck(stack.publicUrl, new Date());
    process.stdout.write(`\n${report.trimEnd()}\n\n`);
  } catch (error) {
    await stack.close();
    throw error;
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (values.once) {
    await stack.close();
    process.stdout.write(`self-check passed in ${seconds} s\n`);
    return;
  }
  process.stderr.write(`up in ${seconds} s, state in ${stack.home}\n`);
  process.stdout.write(`ready: ${stack.publicUrl}\n`);
}

/** The first signal drains and stops everything, PostgreSQL last; a second one, or one before the stack is up, ends at once. */
function stopOnSignals(current: () => LocalStack | undefined): void {
  let stopping = false;
  const stop = () => {
    const stack = current();
    // Exit handlers still run: the database server is told to shut down.
    if (stopping || stack === undefined) process.exit(130);
    stopping = true;
    process.stderr.write('stopping ...\n');
    stack.close().then(() => process.exit(0), fail);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 8080;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error('PORT is a number from 0 to 65535');
  return port;
}

function fail(error: unknown): void {
  process.stderr.write(`sigstead: ${error instanceof Error ? error.message : 'failed'}\n`);
  for (let cause = (error as Error).cause; cause instanceof Error; cause = cause.cause) {
    process.stderr.write(`  because: ${cause.message}\n`);
  }
  process.exit(1);
}
