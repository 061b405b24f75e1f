import { readConfig, runService, setting } from '@sigstead/server';
import { z } from 'zod';
import { createDevelopmentIssuer } from './create-issuer.ts';

const schema = z.object({
  /** 8090, beside the services; 0 picks a free port. */
  PORT: setting.port(8090),
  /** This machine only: whoever reaches it gets tokens for anything. */
  HOST: setting.host(),
  /** What the tokens' `iss` begins with. */
  PUBLIC_URL: setting.url().default('http://localhost:8090'),
  /** Where the signing keys are kept. */
  KEYS_DIRECTORY: setting.file(),
});

await runService('issuer', async () => {
  const config = readConfig(schema, process.env);
  const service = await createDevelopmentIssuer({
    publicUrl: config.PUBLIC_URL,
    keysDirectory: config.KEYS_DIRECTORY,
    clock: () => new Date(),
  });
  return { service, port: config.PORT, host: config.HOST };
});
