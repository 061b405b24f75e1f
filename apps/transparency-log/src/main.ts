import { readConfig, runService } from '@sigstead/server';
import { environmentSchema } from './config.ts';
import { createTransparencyLog } from './create-transparency-log.ts';

await runService('transparency-log', async () => {
  const { host, port, service } = readConfig(environmentSchema, process.env);
  return { service: await createTransparencyLog(service, { clock: () => new Date() }), host, port };
});
