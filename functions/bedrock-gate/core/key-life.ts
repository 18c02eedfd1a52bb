/** For how long a gate key may be made valid, in seconds: a minute to a leap year. */
export const keyLife = { shortest: 60, longest: 366 * 86_400 } as const;
