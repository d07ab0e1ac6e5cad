/** Makes one printable step of the kernel driver. */
import type { Impact } from '../driver.ts';
import type { KernelChange, KernelStep } from './state.ts';

export interface ChangeText {
  readonly action: KernelChange['action'];
  readonly subject: string;
  /** `nothing` where it is left out. */
  readonly impact?: Impact;
  readonly detail?: string | undefined;
}

export function toChange(step: KernelStep, text: ChangeText): KernelChange {
  const { action, subject, impact = 'nothing', detail } = text;
  return {
    driver: 'kernel',
    action,
    subject,
    ...(detail === undefined ? {} : { detail }),
    impact,
    step,
  };
}
