import { Module, type DynamicModule } from '@nestjs/common';
import { TrustController } from './http/trust.controller.ts';
import { VerifyController } from './http/verify.controller.ts';
import { ImageVerifier } from './image-verifier.ts';
import { TrustFiles } from './trust-files.ts';

/** The only wiring. */
@Module({})
export class AppModule {
  static of(verifier: ImageVerifier, files: TrustFiles): DynamicModule {
    return {
      module: AppModule,
      controllers: [VerifyController, TrustController],
      providers: [
        { provide: ImageVerifier, useValue: verifier },
        { provide: TrustFiles, useValue: files },
      ],
    };
  }
}
