import { Module, type DynamicModule } from '@nestjs/common';
import { AdmissionController } from './admission/admission.controller.ts';
import { AdmissionDesk } from './admission/admission-desk.ts';
import { AdmissionMetrics } from './admission/admission-metrics.ts';
import { TrustController } from './http/trust.controller.ts';
import { VerifyController } from './http/verify.controller.ts';
import { ImageVerifier } from './image-verifier.ts';
import { BindingsController } from './policies/http/bindings.controller.ts';
import { DryRunController } from './policies/http/dry-run.controller.ts';
import { PoliciesController } from './policies/http/policies.controller.ts';
import { PolicyAdministration } from './policies/policy-administration.ts';
import { TrustFiles } from './trust-files.ts';

export interface AppParts {
  readonly verifier: ImageVerifier;
  readonly files: TrustFiles;
  readonly administration: PolicyAdministration;
  readonly desk: AdmissionDesk;
  readonly metrics: AdmissionMetrics;
}

/** The only wiring. */
@Module({})
export class AppModule {
  static of({ verifier, files, administration, desk, metrics }: AppParts): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        VerifyController,
        DryRunController,
        PoliciesController,
        BindingsController,
        AdmissionController,
        TrustController,
      ],
      providers: [
        { provide: ImageVerifier, useValue: verifier },
        { provide: TrustFiles, useValue: files },
        { provide: PolicyAdministration, useValue: administration },
        { provide: AdmissionDesk, useValue: desk },
        { provide: AdmissionMetrics, useValue: metrics },
      ],
    };
  }
}
