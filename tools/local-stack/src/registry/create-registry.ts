import { access, constants } from 'node:fs/promises';
import type { DynamicModule } from '@nestjs/common';
import { createLog, createService, type Log, type Service } from '@sigstead/server';
import { BlobStore } from './blob-store.ts';
import { distributionErrors, explainRegistryError } from './registry-error.ts';
import { RegistryController } from './registry.controller.ts';
import { RepositoryStore } from './repository-store.ts';
import { UploadSessions } from './upload-sessions.ts';

export interface DevelopmentRegistryOptions {
  /** Where everything is kept. One process at a time. */
  readonly directory: string;
  readonly clock: () => Date;
  /** 16 GiB unless told. */
  readonly maxBlobBytes?: number;
  readonly log?: Log;
  /** For metrics; one of its own unless given. */
  readonly registry?: Service['registry'];
}

class RegistryModule {}

/** A container registry for development: no authentication, no deletion of unused blobs, one directory of plain files. */
export async function createDevelopmentRegistry(options: DevelopmentRegistryOptions): Promise<Service> {
  const { directory, clock, maxBlobBytes = 16 * 1024 ** 3, log = createLog('registry') } = options;
  const blobs = await BlobStore.open(directory);
  const module: DynamicModule = {
    module: RegistryModule,
    controllers: [RegistryController],
    providers: [
      { provide: BlobStore, useValue: blobs },
      { provide: RepositoryStore, useValue: new RepositoryStore(directory, blobs) },
      { provide: UploadSessions, useValue: new UploadSessions(blobs, clock, maxBlobBytes) },
    ],
  };
  return createService({
    name: 'registry',
    module,
    // The controller bounds each body itself while it streams to disk.
    faces: [{ prefix: '/v2', bodyLimit: maxBlobBytes, errors: distributionErrors, stream: true }],
    explain: explainRegistryError,
    checks: { storage: () => access(directory, constants.R_OK | constants.W_OK) },
    log,
    registry: options.registry,
  });
}
