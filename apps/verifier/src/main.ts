import { readConfig, runService } from '@sigstead/server';
import { environmentSchema } from './config.ts';
import { createVerifier } from './create-verifier.ts';

await runService('verifier', async () => {
  const { host, port, service } = readConfig(environmentSchema, process.env);
  return { service: await createVerifier(service, { clock: () => new Date(), fetch }), host, port };
});
