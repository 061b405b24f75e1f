import { randomBytes } from 'node:crypto';
import { readConfig, runService } from '@sigstead/server';
import { timestampEnvironmentSchema } from './timestamp/config.ts';
import { createTimestampAuthority } from './timestamp/create-timestamp-authority.ts';

await runService('timestamp-authority', async () => {
  const { host, port, service: config } = readConfig(timestampEnvironmentSchema, process.env);
  const service = await createTimestampAuthority(config, { clock: () => new Date(), randomBytes });
  return { service, host, port };
});
