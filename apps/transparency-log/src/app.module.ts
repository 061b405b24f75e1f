import { Module, type DynamicModule } from '@nestjs/common';
import { CtController } from './ct/ct.controller.ts';
import { CtLogs } from './ct/ct-logs.ts';
import { StaticCtController } from './ct/static-ct.controller.ts';
import type { OpenLogs } from './open-logs.ts';
import { EnabledOperations } from './rekor/operations.ts';
import { RekorController } from './rekor/rekor.controller.ts';
import { RekorLog } from './rekor/rekor-log.ts';
import { RekorV2Log } from './rekor-v2/rekor-v2-log.ts';
import { RekorV2Controller } from './rekor-v2/rekor-v2.controller.ts';
import { TileLogController } from './rekor-v2/tile-log.controller.ts';

type Faces = Pick<OpenLogs, 'rekor' | 'rekorV2' | 'ct' | 'disabledOperations'>;

/** The only wiring: faces of logs that are not configured do not exist. */
@Module({})
export class AppModule {
  static of({ rekor, rekorV2, ct, disabledOperations }: Faces): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        ...(rekor === undefined ? [] : [RekorController]),
        ...(rekorV2 === undefined ? [] : [RekorV2Controller, TileLogController]),
        ...(ct.length === 0 ? [] : [CtController, StaticCtController]),
      ],
      providers: [
        ...(rekor === undefined ? [] : [{ provide: RekorLog, useValue: rekor }]),
        ...(rekorV2 === undefined ? [] : [{ provide: RekorV2Log, useValue: rekorV2 }]),
        { provide: EnabledOperations, useValue: new EnabledOperations(disabledOperations) },
        { provide: CtLogs, useValue: new CtLogs(ct) },
      ],
    };
  }
}
