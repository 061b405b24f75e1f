import { createLog, listenTls, readConfig, runService } from '@sigstead/server';
import { environmentSchema } from './config.ts';
import { createVerifier } from './create-verifier.ts';

await runService('verifier', async () => {
  const { host, port, tls, service: config } = readConfig(environmentSchema, process.env);
  const log = createLog('verifier');
  const service = await createVerifier(config, {
    clock: () => new Date(),
    fetch,
    log,
    environment: process.env,
  });
  if (tls === undefined) return { service, host, port };
  const listen = async () => {
    const listener = await listenTls({ ...tls, host, handler: service.handle.bind(service), log });
    service.adopt(listener);
    return listener.url;
  };
  return { service, host, port, further: [listen] };
});
