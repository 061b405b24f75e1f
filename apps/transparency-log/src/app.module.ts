import { Module, type DynamicModule } from '@nestjs/common';
import { CtController } from './ct/ct.controller.ts';
import { CtLogs } from './ct/ct-logs.ts';
import type { OpenLogs } from './open-logs.ts';
import { EnabledOperations } from './rekor/operations.ts';
import { RekorController } from './rekor/rekor.controller.ts';
import { RekorLog } from './rekor/rekor-log.ts';

/** The only wiring: faces of logs that are not configured do not exist. */
@Module({})
export class AppModule {
  static of({ rekor, ct, disabledOperations }: Omit<OpenLogs, 'hosted' | 'shards'>): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        ...(rekor === undefined ? [] : [RekorController]),
        ...(ct.length === 0 ? [] : [CtController]),
      ],
      providers: [
        ...(rekor === undefined ? [] : [{ provide: RekorLog, useValue: rekor }]),
        { provide: EnabledOperations, useValue: new EnabledOperations(disabledOperations) },
        { provide: CtLogs, useValue: new CtLogs(ct) },
      ],
    };
  }
}
