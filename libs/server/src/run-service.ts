import { ConfigError } from './config.ts';
import { createLog } from './log.ts';
import type { Service } from './service.ts';

export interface StartedService {
  readonly service: Service;
  readonly port: number;
  readonly host: string;
  /** What it listens on besides, opened after the port of its own; each gives its URL, and is drained with the service. */
  readonly further?: readonly (() => Promise<string>)[];
}

/**
 * Body of an app's `main.ts`: starts, listens, and on SIGTERM or SIGINT drains and ends with 0. Settings that cannot be
 * used end it with 78 (EX_CONFIG) and their reasons, any other failure to start with 1.
 */
export async function runService(name: string, start: () => Promise<StartedService>): Promise<void> {
  const log = createLog(name);
  try {
    const { service, port, host, further = [] } = await start();
    let stopping = false;
    const stop = (signal: string) => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info('stopping', { signal });
      service.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error('did not stop cleanly', { error });
          process.exit(1);
        },
      );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    log.info('listening', { url: await service.listen(port, host) });
    for (const listen of further) log.info('listening', { url: await listen() });
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${name}: ${error.message}\n`);
      process.exit(78);
    }
    log.error('did not start', { error });
    process.exit(1);
  }
}
