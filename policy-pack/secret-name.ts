/** What names of secrets end with, in every way to join words; `secretName`, `tokenTtl` and `accessKeyId` do not. */
const secretWord = /(secret|passw(or)?d|passphrase|token|(access|api|private)[_.-]?key|credentials?)$/i;

/**
 * Whether whatever bears a name is a secret by it, such as `DB_PASSWORD` or `secretAccessKey`: a property, a variable, or
 * a value in JSON.
 */
export const namesSecret = (name: string) => secretWord.test(name);
