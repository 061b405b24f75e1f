import { Module, type DynamicModule } from '@nestjs/common';
import { AdmissionController } from './admission/admission.controller.ts';
import { AdmissionDesk } from './admission/admission-desk.ts';
import { AdmissionMetrics } from './admission/admission-metrics.ts';
import { ArtifactVerifier } from './artifact-verifier.ts';
import { BlobDesk } from './blob/blob-desk.ts';
import { OpenApiController } from './http/openapi.controller.ts';
import { TrustController } from './http/trust.controller.ts';
import { VerifyController } from './http/verify.controller.ts';
import { ImageVerifier } from './image-verifier.ts';
import { BindingsController } from './policies/http/bindings.controller.ts';
import { DryRunController } from './policies/http/dry-run.controller.ts';
import { PoliciesController } from './policies/http/policies.controller.ts';
import { PolicyAdministration } from './policies/policy-administration.ts';
import { TrustFiles } from './trust-files.ts';
import { VerificationDesk } from './verification-desk.ts';

export interface AppParts {
  readonly verifier: ImageVerifier;
  readonly artifacts: ArtifactVerifier;
  readonly verification: VerificationDesk;
  readonly blobs: BlobDesk;
  readonly files: TrustFiles;
  readonly administration: PolicyAdministration;
  readonly desk: AdmissionDesk;
  readonly metrics: AdmissionMetrics;
}

/** The only wiring. */
@Module({})
export class AppModule {
  static of(parts: AppParts): DynamicModule {
    const { verifier, artifacts, verification, blobs, files, administration, desk, metrics } = parts;
    return {
      module: AppModule,
      controllers: [
        VerifyController,
        DryRunController,
        PoliciesController,
        BindingsController,
        AdmissionController,
        TrustController,
        OpenApiController,
      ],
      providers: [
        { provide: ImageVerifier, useValue: verifier },
        { provide: ArtifactVerifier, useValue: artifacts },
        { provide: VerificationDesk, useValue: verification },
        { provide: BlobDesk, useValue: blobs },
        { provide: TrustFiles, useValue: files },
        { provide: PolicyAdministration, useValue: administration },
        { provide: AdmissionDesk, useValue: desk },
        { provide: AdmissionMetrics, useValue: metrics },
      ],
    };
  }
}
