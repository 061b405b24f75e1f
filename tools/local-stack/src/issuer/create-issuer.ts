import type { DynamicModule } from '@nestjs/common';
import { createLog, createService, type Log, type Service } from '@sigstead/server';
import { ISSUER_NAMES } from './default-claims.ts';
import { DevelopmentIssuer } from './development-issuer.ts';
import { openIssuerKey } from './issuer-key.ts';
import { AuthorizationCodes } from './authorization-codes.ts';
import { ISSUERS } from './find-issuer.ts';
import { DeviceCodes } from './device-codes.ts';
import { DeviceController } from './device.controller.ts';
import { issuerErrors } from './issuer-errors.ts';
import { IssuerController, MAX_CLAIMS_BYTES } from './issuer.controller.ts';
import { LoginController } from './login.controller.ts';

export interface DevelopmentIssuerOptions {
  /** What clients and the certificate authority call this service; `iss` begins with it. */
  readonly publicUrl: string;
  /** One private key file per issuer, made when missing. */
  readonly keysDirectory: string;
  readonly clock: () => Date;
  readonly log?: Log;
}

class IssuerModule {}

/** Development issuers `github` and `email`: anybody who can reach them gets a token for anything. */
export async function createDevelopmentIssuer(options: DevelopmentIssuerOptions): Promise<Service> {
  const { publicUrl, keysDirectory, clock, log = createLog('issuer') } = options;
  const issuers = new Map<string, DevelopmentIssuer>();
  for (const name of ISSUER_NAMES) {
    const signer = await openIssuerKey(keysDirectory, name);
    issuers.set(name, new DevelopmentIssuer({ name, publicUrl, signer, clock }));
  }
  const module: DynamicModule = {
    module: IssuerModule,
    controllers: [IssuerController, LoginController, DeviceController],
    providers: [
      { provide: ISSUERS, useValue: issuers },
      { provide: AuthorizationCodes, useValue: new AuthorizationCodes(clock) },
      { provide: DeviceCodes, useValue: new DeviceCodes(clock) },
    ],
  };
  return createService({
    name: 'issuer',
    module,
    faces: [{ prefix: '/issuers', bodyLimit: MAX_CLAIMS_BYTES, errors: issuerErrors }],
    explain: () => undefined,
    checks: {},
    log,
  });
}
