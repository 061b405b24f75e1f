import { Module, type DynamicModule } from '@nestjs/common';
import { SignController } from './http/sign.controller.ts';
import { ImageSigner } from './image-signer.ts';

/** The only wiring. */
@Module({})
export class AppModule {
  static of(signer: ImageSigner): DynamicModule {
    return {
      module: AppModule,
      controllers: [SignController],
      providers: [{ provide: ImageSigner, useValue: signer }],
    };
  }
}
