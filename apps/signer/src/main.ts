import { readConfig, runService } from '@sigstead/server';
import { environmentSchema } from './config.ts';
import { createSigner } from './create-signer.ts';

await runService('signer', async () => {
  const { host, port, service } = readConfig(environmentSchema, process.env);
  return {
    service: await createSigner(service, { clock: () => new Date(), fetch, environment: process.env }),
    host,
    port,
  };
});
