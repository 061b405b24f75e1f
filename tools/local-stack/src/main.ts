import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { selfCheck } from './self-check.ts';
import { startStack } from './stack.ts';

const HELP = `npm start -- [options]

Starts a whole Sigstead in this process: certificate authority, transparency log, signer, verifier, PostgreSQL, and for
development an issuer of identity tokens and a container registry.

  --once      start, run the self-check, print its result and stop; exit code 0 or 1
  --verbose   log every request
  --help      this text

Environment:
  PORT           port for everything, 8080; 0 picks a free one and keeps it for the state folder
  TLS_PORT       port for the same over TLS, and gRPC; 8443, or one kept for the state folder where that is taken
  HOST           address to listen on besides this machine's own, localhost; others can then reach the stack
  SIGSTEAD_HOME  state folder: database, keys, trust files; .sigstead
`;

const startedAt = performance.now();
const stopping = new AbortController();

try {
  await main(stopping.signal);
} catch (error) {
  // Told to stop before it was up: nothing failed.
  if (stopping.signal.aborted) process.exit(130);
  fail(error);
}

async function main(signal: AbortSignal): Promise<void> {
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
  stopOnSignals();
  const stack = await startStack({
    home: process.env['SIGSTEAD_HOME'] || '.sigstead',
    port: readPort('PORT') ?? 8080,
    tlsPort: readPort('TLS_PORT'),
    host: process.env['HOST'] || 'localhost',
    logLevel: values.verbose ? 'info' : 'warn',
    progress: (text) => process.stderr.write(`${text}\n`),
    signal,
  });
  try {
    const { report } = await Promise.race([selfCheck(stack.publicUrl, new Date()), aborted(signal)]);
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
  process.stderr.write(
    `over TLS, and gRPC: ${stack.tlsUrl} (trust ${join(stack.home, 'trust/tls_ca.pem')})\n`,
  );
  process.stdout.write(`ready: ${stack.publicUrl}\n`);
  await aborted(signal).catch(() => undefined);
  await stack.close();
  process.exit(0);
}

/** The first signal drains and stops everything that runs by then, PostgreSQL last; a second one ends at once. */
function stopOnSignals(): void {
  const stop = () => {
    // Exit handlers still run: the database server is told to shut down.
    if (stopping.signal.aborted) process.exit(130);
    process.stderr.write('stopping ...\n');
    stopping.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
}

/** Rejects when the signal comes. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

function readPort(name: 'PORT' | 'TLS_PORT'): number | undefined {
  const text = process.env[name] ?? '';
  if (text === '') return undefined;
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65535) throw new Error(`${name} is a number from 0 to 65535`);
  return port;
}

function fail(error: unknown): void {
  process.stderr.write(`sigstead: ${error instanceof Error ? error.message : 'failed'}\n`);
  for (let cause = (error as Error).cause; cause instanceof Error; cause = cause.cause) {
    process.stderr.write(`  because: ${cause.message}\n`);
  }
  process.exit(1);
}
