import { Module, type DynamicModule } from '@nestjs/common';
import { SigningDesk } from './desk/signing-desk.ts';
import { OpenApiController } from './http/openapi.controller.ts';
import { SignController } from './http/sign.controller.ts';
import { HTTP_SURROUNDINGS, type HttpSurroundings } from './http/surroundings.ts';
import { UploadDesk } from './http/upload-desk.ts';

/** The only wiring. */
@Module({})
export class AppModule {
  static of(desk: SigningDesk, surroundings: HttpSurroundings): DynamicModule {
    return {
      module: AppModule,
      controllers: [SignController, OpenApiController],
      providers: [
        { provide: SigningDesk, useValue: desk },
        { provide: UploadDesk, useValue: new UploadDesk(surroundings.limits) },
        { provide: HTTP_SURROUNDINGS, useValue: surroundings },
      ],
    };
  }
}
