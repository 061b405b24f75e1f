import type { DynamicModule } from '@nestjs/common';
import { RevocationController } from '../revocation/revocation.controller.ts';
import { RevocationPublisher } from '../revocation/revocation-publisher.ts';
import { RevocationRegister } from '../revocation/revocation-register.ts';
import { CertificatesController } from './certificates.controller.ts';
import { IssuanceRecord } from './issuance-record.ts';

class RecordModule {}

/** What was issued and what was revoked, to read. */
export function recordModule(
  record: IssuanceRecord,
  register: RevocationRegister,
  publisher: RevocationPublisher,
): DynamicModule {
  return {
    module: RecordModule,
    controllers: [CertificatesController, RevocationController],
    providers: [
      { provide: IssuanceRecord, useValue: record },
      { provide: RevocationRegister, useValue: register },
      { provide: RevocationPublisher, useValue: publisher },
    ],
  };
}
