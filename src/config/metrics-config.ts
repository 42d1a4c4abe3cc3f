import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';

/** Where the numbers of requests go. */
export type MetricsConfig = (typeof METRICS)[number];

const METRICS = ['token', 'public', 'analytics-engine', 'off'] as const;

/** Schema of the setting `metrics`. */
export const MetricsSchema = v.picklist(METRICS, 'takes "token", "public", "analytics-engine" or "off"');

/** The values of the setting that each platform has. */
const ON_PLATFORM = {
  node: ['token', 'public', 'off'],
  workers: ['analytics-engine', 'off'],
  lambda: ['off'],
} as const satisfies Readonly<Record<string, readonly MetricsConfig[]>>;

/** The reason why a platform has no other values. */
const REASONS = {
  node: 'Prometheus asks this process, or all workers of it',
  workers: 'no isolate knows the numbers of the others',
  lambda: 'the log is the metric there, see docs/metrics.md',
} as const;

/**
 * Refuses a value that the platform can't have, or that has no token.
 *
 * @param platform that the configuration is for; left out if any
 * @throws SettingsError that says why
 */
export function assertMetrics(
  metrics: MetricsConfig | undefined,
  hasAdmin: boolean,
  platform: keyof typeof ON_PLATFORM | undefined,
): void {
  if (metrics === undefined) return;
  const values: readonly MetricsConfig[] = platform === undefined ? METRICS : ON_PLATFORM[platform];
  if (platform !== undefined && !values.includes(metrics)) {
    const names = values.map((value) => `"${value}"`).join(', ');
    throw settingsError(`${platform} has ${names}, not "${metrics}": ${REASONS[platform]}`, 'metrics');
  }
  if (metrics === 'token' && !hasAdmin) throw settingsError('takes admin.token too, or has to be "public"', 'metrics');
}
