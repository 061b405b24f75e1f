import { Controller, Get } from '@nestjs/common';
import { openApiDocument } from './openapi.ts';

/** `GET /signer/openapi.json` */
@Controller('signer')
export class OpenApiController {
  @Get('openapi.json')
  read(): typeof openApiDocument {
    return openApiDocument;
  }
}
