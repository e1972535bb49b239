import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes, most of them waiting for outages, deadlines and trainings: started last, one of them would keep a core idle. */
const LONG =
  /\/(clock-skew|crash-points|process-ends|conformance|chaos-scenarios|faults|erasure|calls|fuzz|screens|journey|studio)\.test\.ts$/;

/** The long files first, the others in vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => Number(LONG.test(b.moduleId)) - Number(LONG.test(a.moduleId)));
  }
}
