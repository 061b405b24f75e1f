import { Controller, Get } from '@nestjs/common';
import { openApiDocument } from './openapi.ts';

/** `GET /verifier/openapi.json` */
@Controller('verifier')
export class OpenApiController {
  @Get('openapi.json')
  read(): typeof openApiDocument {
    return openApiDocument;
  }
}
