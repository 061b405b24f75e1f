import { ConfigError } from '@sigstead/server';
import { RecordError } from './record/record-error.ts';
import { revokeCommand } from './revocation/revoke-command.ts';

try {
  await revokeCommand({
    environment: process.env,
    now: new Date(),
    write: (text) => process.stdout.write(text),
  }).parseAsync();
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof RecordError)) throw error;
  const reason = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  process.stderr.write(`revoke: ${error.message}${reason}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
