/** Durations and sizes for people. */

/** `45s`, `3m 20s`, `2h 5m`, `4d 3h`: the two largest units. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const units = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor(total / 3_600) % 24, 'h'],
    [Math.floor(total / 60) % 60, 'm'],
    [total % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return '0s';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

const BYTE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `512 B`, `1.5 KiB`, `20.0 GiB` (IEC 80000-13 binary units). */
export function formatBytes(bytes: number): string {
  let text = `${bytes} B`;
  let scaled = bytes;
  for (const unit of BYTE_UNITS) {
    // Judged as it would be printed, so that 1023.96 KiB is 1.0 MiB and never "1024.0 KiB".
    if (Number(scaled.toFixed(1)) < 1024) break;
    scaled /= 1024;
    text = `${scaled.toFixed(1)} ${unit}`;
  }
  return text;
}
