import { randomBytes } from 'node:crypto';
import { readConfig, runService } from '@sigstead/server';
import { environmentSchema } from './config.ts';
import { createCertificateAuthority } from './create-certificate-authority.ts';

await runService('certificate-authority', async () => {
  const { host, port, service: config } = readConfig(environmentSchema, process.env);
  const service = await createCertificateAuthority(config, { clock: () => new Date(), fetch, randomBytes });
  return { service, host, port };
});
