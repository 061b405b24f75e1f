import { readConfig, runService, setting } from '@sigstead/server';
import { z } from 'zod';
import { createDevelopmentRegistry } from './create-registry.ts';

const schema = z.object({
  /** 5000 as registries usually do; 0 picks a free port. */
  PORT: setting.port(5000),
  /** This machine only, since there is no authentication. */
  HOST: setting.host(),
  /** Where images are kept. */
  DIRECTORY: setting.file(),
});

await runService('registry', async () => {
  const config = readConfig(schema, process.env);
  const service = await createDevelopmentRegistry({ directory: config.DIRECTORY, clock: () => new Date() });
  return { service, port: config.PORT, host: config.HOST };
});
