/** A time as a person says it: `13 s`, and from 100 s on `19 min 7 s`. */
export function inMinutes(seconds: number): string {
  if (seconds < 99.5) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
