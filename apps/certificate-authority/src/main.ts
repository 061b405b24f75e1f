import { randomBytes } from 'node:crypto';
import { createLog, listenTls, readConfig, runService } from '@sigstead/server';
import { environmentSchema } from './config.ts';
import { createCertificateAuthority } from './create-certificate-authority.ts';

await runService('certificate-authority', async () => {
  const { host, port, grpcPort, tls, service: config } = readConfig(environmentSchema, process.env);
  const log = createLog('certificate-authority');
  const service = await createCertificateAuthority(config, {
    clock: () => new Date(),
    fetch,
    randomBytes,
    log,
  });
  const listenGrpc = async () => {
    const bound = await service.grpc.listen(grpcPort, host);
    return `grpc://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  };
  const further = [listenGrpc];
  if (tls !== undefined) {
    further.push(async () => {
      const handler = service.handle.bind(service);
      const listener = await listenTls({ ...tls, host, handler, http2: service.grpc, log });
      service.adopt(listener);
      return listener.url;
    });
  }
  return { service, host, port, further };
});
