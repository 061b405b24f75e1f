import type { DynamicModule } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { IssuerSource } from '@sigstead/issuer-access';
import { FulcioV1Controller } from './fulcio-v1.controller.ts';
import { FulcioV2Controller } from './fulcio-v2.controller.ts';
import type { IssuanceContext } from './issue-certificate.ts';
import { IssuanceDesk } from './issuance-desk.ts';
import { IssuingAuthority } from './issuing-authority.ts';
import type { FulcioMetrics } from './metrics.ts';

class AppModule {}

/** The wiring of the service. */
export function appModule(
  context: IssuanceContext,
  desk: IssuanceDesk,
  metrics: FulcioMetrics,
  record: DynamicModule,
): DynamicModule {
  return {
    module: AppModule,
    imports: [record],
    controllers: [FulcioV2Controller, FulcioV1Controller],
    providers: [
      { provide: IssuingAuthority, useValue: context.authority },
      { provide: IssuerSource, useValue: context.issuers },
      { provide: IssuanceDesk, useValue: desk },
      { provide: APP_INTERCEPTOR, useValue: metrics },
    ],
  };
}
